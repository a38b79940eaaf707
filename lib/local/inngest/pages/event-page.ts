/** Owns one event's page: its data, what it did, and the form that sends it again. Pure; cannot fail. */
import type { HistoryEvent } from "@/lib/local/inngest/history";
import { consequenceWords } from "./consequences";
import { type Html, html } from "./html";
import type { PageKey } from "./page-key";
import { type Draft, sendForm } from "./send-form";
import { dateAndTime, MOST_SHOWN_CHARACTERS, shownValue } from "./words";

export function eventPage(event: HistoryEvent, key: PageKey): Html {
  const draft = { name: event.name, data: JSON.stringify(event.data, null, 2) };
  return html`<h1>${event.name}</h1>
<dl><dt>id</dt><dd><code>${event.id}</code></dd>
<dt>received</dt><dd>${dateAndTime(event.receivedAt)}</dd>
${event.ts === event.receivedAt ? null : html`<dt>its own time</dt><dd>${dateAndTime(event.ts)}</dd>`}</dl>
<h2>What it did</h2>${event.consequences.length === 0 ? html`<p class="soft">It started nothing. It may have cancelled runs, or ended their waits.</p>` : html`<ul>${event.consequences.map((one) => html`<li>${consequenceWords(one)}</li>`)}</ul>`}
<div class="columns"><section><h2>Data</h2>${shownValue(event.data)}</section>
<section><h2>Send it again</h2>${again(event.name, draft, key)}</section></div>`;
}

function again(name: string, draft: Draft, key: PageKey): Html {
  if (name.startsWith("inngest/"))
    return html`<p class="soft">Only the engine sends events of this name. Rerun the run that it started.</p>`;
  if (draft.data.length > MOST_SHOWN_CHARACTERS)
    return html`<p class="soft">Its data is too long for a form. Rerun the run that it started, or post it to <code>/e/any-key</code>.</p>`;
  return html`${sendForm(key, draft, "Send again")}<p class="note">It gets a new id, because an id starts a function once in 24 hours.</p>`;
}
