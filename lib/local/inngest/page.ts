/**
 * Owns the page at `/`: functions, events and what they started, runs with their steps, newest first. It must never
 * put text from an event into the page unescaped: event data comes from whoever may send events. Pure; cannot fail.
 */
import type { Consequence, HistoryEvent, HistoryRun, HistoryStep, InngestHistory } from "./history";

export function renderPage(
  { events, runs }: InngestHistory,
  functionIds: readonly string[],
  pausedIds: readonly string[],
): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Embedded Inngest engine</title><style>${STYLE}</style></head><body>
<h1>Embedded Inngest engine</h1>
<p>For development and tests. Everything here ends with the process; production runs on Inngest.</p>
<h2>Functions</h2><ul>${functionIds.map((id) => functionItem(id, pausedIds.includes(id))).join("")}</ul>
<h2>Runs</h2>${runs.length === 0 ? "<p>None yet.</p>" : [...runs].reverse().map(runBlock).join("")}
<h2>Events</h2>${events.length === 0 ? "<p>None yet.</p>" : [...events].reverse().map(eventBlock).join("")}
</body></html>`;
}

const STYLE =
  "body{font:14px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}" +
  "code,pre{font-size:12px}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}" +
  "details{border-top:1px solid #8884;padding:.3rem 0}table{border-collapse:collapse}td,th{text-align:left;padding:0 1rem 0 0;vertical-align:top}" +
  ".Failed{color:#c33}.Completed{color:#383}.Cancelled,.Skipped{color:#986}";

const functionItem = (id: string, isPaused: boolean): string =>
  `<li><code>${escaped(id)}</code>${isPaused ? " (paused: its new runs are skipped)" : ""}</li>`;

function runBlock(run: HistoryRun): string {
  const ended = run.endedAt === null ? "" : `, ended ${time(run.endedAt)}`;
  return `<details><summary><b class="${run.status}">${run.status}</b> ${escaped(run.functionId)} <small>${time(run.queuedAt)} ${escaped(run.eventName)}</small></summary>
<p><code>${escaped(run.id)}</code> of event <code>${escaped(run.eventId)}</code>, ${run.calls} calls${ended}${run.reason === null ? "" : `<br>${escaped(run.reason)}`}</p>
<table><tr><th>step</th><th>op</th><th>status</th><th>attempts</th><th>from</th><th>to</th><th>output</th></tr>${run.steps.map(stepRow).join("")}</table>
<pre>${value(run.output)}</pre></details>`;
}

const stepRow = (step: HistoryStep): string =>
  `<tr><td>${escaped(step.name)}</td><td>${escaped(step.op)}</td><td class="${step.status}">${step.status}</td><td>${step.attempts}</td>` +
  `<td>${time(step.startedAt)}</td><td>${step.endedAt === null ? "" : time(step.endedAt)}</td><td><pre>${value(step.output)}</pre></td></tr>`;

const eventBlock = (event: HistoryEvent): string =>
  `<details><summary>${escaped(event.name)} <small>${time(event.receivedAt)} <code>${escaped(event.id)}</code></small></summary>` +
  `<ul>${event.consequences.map((one) => `<li>${consequenceText(one)}</li>`).join("")}</ul><pre>${value(event.data)}</pre></details>`;

function consequenceText(consequence: Consequence): string {
  const id = escaped(consequence.functionId);
  switch (consequence.kind) {
    case "started":
      return `${id} started as <code>${escaped(consequence.runId)}</code>`;
    case "skipped":
      return `${id} was skipped: ${escaped(consequence.reason)}`;
    case "debounced":
      return `${id} is debounced until ${time(consequence.dueAt)} or later`;
    case "ignored":
      return `${id} ignored it: ${escaped(consequence.reason)}`;
  }
}

const time = (at: number): string => new Date(at).toISOString().replace("T", " ").replace("Z", "");

const value = (data: unknown): string => escaped(JSON.stringify(data, null, 2) ?? "");

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
