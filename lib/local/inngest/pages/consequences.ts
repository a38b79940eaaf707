/** Owns what an event did, in words with a link to the run that it started. Pure; cannot fail. */
import type { Consequence } from "@/lib/local/inngest/history";
import { type Html, html } from "./html";
import { timeOfDay } from "./words";

export function consequenceWords(consequence: Consequence): Html {
  const id = consequence.functionId;
  switch (consequence.kind) {
    case "started":
      return html`<a href="/runs/${consequence.runId}">started ${id}</a>`;
    case "skipped":
      return html`<a href="/runs/${consequence.runId}">${id} was skipped</a>: ${consequence.reason}`;
    case "debounced":
      return html`${id} is debounced until ${timeOfDay(consequence.dueAt)} or later`;
    case "ignored":
      return html`${id} ignored it: ${consequence.reason}`;
  }
}
