/**
 * Owns how traffic that does not reach a sandbox is answered, in the words of E2B's proxy: JSON for programs, a page for
 * browsers, a status line for an upgrade (e2b.md §3.6; texts of INFRA shared/pkg/proxy/template). It must never say
 * more of a sandbox than its id. Cannot fail.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Admission, Traffic } from "@/lib/local/e2b/semantics/admission";
import { sendJson } from "@/lib/local/e2b/wire/answers";
import { rawAnswer } from "@/lib/local/e2b/wire/raw-answer";

export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly sandboxId?: string;
  readonly port?: number;
}

export const TRAFFIC_TOKEN_HEADER = "e2b-traffic-access-token";

/** Undefined for what is let in. */
export function refusalOf(admission: Admission, sandboxId: string, traffic: Traffic): Refusal | undefined {
  switch (admission.kind) {
    case "open":
      return undefined;
    case "not-found":
      return { sandboxId, message: "The sandbox was not found", code: 502 };
    case "changing":
      return { sandboxId, message: "The sandbox is still transitioning. Try again in a moment.", code: 409 };
    case "forbidden":
      return { sandboxId, message: forbiddenMessage(traffic), code: 403 };
    case "over-limit":
      return { sandboxId, message: admission.error.message, code: 429 };
  }
}

export function portClosed(sandboxId: string, port: number): Refusal {
  return { sandboxId, message: "The sandbox is running but port is not open", port, code: 502 };
}

export function answerRefusal(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  // What is left of the body is read and dropped, or the client could not read the answer.
  request.resume();
  if (isBrowser(request)) {
    response.writeHead(refusal.code, { "content-type": "text/html; charset=utf-8" }).end(pageOf(refusal));
  } else {
    sendJson(response, refusal.code, refusal);
  }
}

export function refuseUpgrade(socket: Socket, refusal: Refusal): void {
  socket.end(rawAnswer(refusal.code, JSON.stringify(refusal)));
}

function forbiddenMessage(traffic: Traffic): string {
  const isMissing = traffic.kind === "preview" && traffic.accessToken === undefined;
  return isMissing
    ? `Sandbox is secured with traffic access token. Token header '${TRAFFIC_TOKEN_HEADER}' is missing`
    : `Sandbox is secured with traffic access token. Provided token in header '${TRAFFIC_TOKEN_HEADER}' is invalid`;
}

/** A script's fetch in a page wants JSON, though its User-Agent is a browser's: the surer sign comes first. */
function isBrowser({ headers }: IncomingMessage): boolean {
  const mode = headers["sec-fetch-mode"];
  if (mode !== undefined) return mode === "navigate";
  if (headers.accept?.includes("text/html")) return true;
  if (headers.accept?.includes("application/json")) return false;
  return /mozilla|chrome|safari|firefox|edge|opera|msie/i.test(headers["user-agent"] ?? "");
}

/** The values are ours or of letters and digits only; still nothing is written that could be markup. */
function pageOf({ code, message, sandboxId, port }: Refusal): string {
  const where = [sandboxId && `Sandbox ${sandboxId}`, port && `port ${port}`].filter(Boolean).join(", ");
  const [title, text] = [message, where].map((each) => each.replace(/[<>&"]/g, ""));
  return `<!doctype html><meta charset="utf-8"><title>${code}</title><h1>${title}</h1><p>${text}</p>`;
}
