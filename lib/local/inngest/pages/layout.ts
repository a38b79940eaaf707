/**
 * Owns what every page has: the head, what kind of engine this is, and the headers that keep a page from doing more than
 * it should: no script, no other origin's content, no frame around it, forms to itself only. Pure; cannot fail.
 */
import type { InngestHistory } from "@/lib/local/inngest/history";
import type { ApiResponse } from "@/lib/local/inngest/http-message";
import { type Fragment, type Html, html } from "./html";
import { STYLE, STYLE_SOURCE } from "./style";

export interface Page {
  readonly title: string;
  readonly body: Fragment;
  /** Seconds after which the browser asks again; null leaves the page as it is. */
  readonly refreshSeconds: number | null;
}

export function pageResponse(status: number, page: Page, history: InngestHistory): ApiResponse {
  const { markup } = document(page, history);
  return { status, headers: HEADERS, body: `<!doctype html>\n${markup}` };
}

/** After a button: the browser asks for the next page with GET, so that a reload presses nothing. */
export const seeOther = (location: string): ApiResponse => ({
  status: 303,
  headers: { ...HEADERS, location },
  body: "",
});

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src ${STYLE_SOURCE}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // With `no-referrer` browsers would post our own forms with `Origin: null`, which the guard refuses.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

const document = (
  { title, body, refreshSeconds }: Page,
  history: InngestHistory,
): Html => html`<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
${refreshSeconds === null ? null : html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${title} · embedded Inngest engine</title><style>${STYLE}</style></head><body>
<header><div><a href="/">Embedded Inngest engine</a><p>A volatile development engine: everything here ends with the process. Production runs on Inngest.</p></div></header>
<main>${body}${footer(history)}</main></body></html>`;

function footer({ mostEntries, forgotten }: InngestHistory): Html {
  const gone = forgotten.events + forgotten.runs;
  const past =
    gone === 0
      ? "Nothing has been forgotten so far."
      : `Forgotten so far: ${forgotten.events} events and ${forgotten.runs} runs.`;
  return html`<footer>All times are UTC. The newest ${mostEntries} events and ${mostEntries} runs are kept. ${past}
As JSON: <a href="/v1/events">/v1/events</a>, <a href="/v1/runs">/v1/runs</a>.</footer>`;
}
