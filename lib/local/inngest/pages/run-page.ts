/**
 * Owns one run's page: its story from the event that started it to its end, each step with its bar, tries, input and
 * output, and the buttons that run it again or cancel it. Pure; cannot fail.
 */
import type { HistoryRun, HistoryStep } from "@/lib/local/inngest/history";
import { type Html, html } from "./html";
import type { PageKey } from "./page-key";
import { bar, type Period, type Piece, piecesOf } from "./timeline";
import { dateAndTime, plural, shownValue, span, timeOfDay } from "./words";

export interface RunView {
  readonly run: HistoryRun;
  /** The data of the event that started it; undefined when that event was forgotten. */
  readonly eventData: unknown;
  readonly now: number;
  readonly key: PageKey;
}

export function runPage({ run, eventData, now, key }: RunView): Html {
  const isOpen = run.status === "Queued" || run.status === "Running";
  return html`<h1><span class="pill ${run.status}">${run.status}</span> ${run.functionId}</h1>
<p class="note">${summary(run, now)}</p>
${run.reason === null ? null : html`<p class="problem">${run.reason}</p>`}
<div class="buttons">${button("/actions/rerun", run.id, "Rerun", key)}${isOpen ? button("/actions/cancel", run.id, "Cancel", key) : null}${isOpen ? html`<a href="/runs/${run.id}?refresh=2">refresh by itself</a>` : null}</div>
<p class="note">A rerun is a new run with the same event and the code as it is now; every step runs again.</p>
<h2>Timeline</h2>${timeline(run, now)}
<p class="key"><span><i class="good"></i>done</span><span><i class="bad"></i>a try that failed</span><span><i class="busy"></i>in flight</span><span><i class="wait"></i>asleep or waiting</span><span>Open a step to see what it was given and what it answered.</span></p>
<div class="columns"><section><h2>Event</h2><p class="note"><a href="/events/${encodeURIComponent(run.eventId)}">${run.eventName}</a> with this data</p>${eventData === undefined ? html`<p class="soft">The event was forgotten.</p>` : shownValue(eventData)}</section>
<section><h2>${run.status === "Failed" ? "Error" : "Output"}</h2>${run.endedAt === null ? html`<p class="soft">Not yet.</p>` : shownValue(run.output)}</section></div>
<h2>Facts</h2><dl><dt>run</dt><dd><code>${run.id}</code> · <a href="/v1/runs/${run.id}">JSON</a></dd>
<dt>event</dt><dd><code>${run.eventId}</code></dd>
<dt>queued</dt><dd>${dateAndTime(run.queuedAt)}</dd><dt>started</dt><dd>${run.startedAt === null ? "not yet" : dateAndTime(run.startedAt)}</dd>
<dt>ended</dt><dd>${run.endedAt === null ? "not yet" : dateAndTime(run.endedAt)}</dd><dt>requests to the app</dt><dd>${run.calls}</dd></dl>`;
}

function summary(run: HistoryRun, now: number): string {
  const since = `${plural(run.steps.length, "step")}, ${plural(run.calls, "request")} to the app`;
  if (run.endedAt === null) return `Under way for ${span(now - run.queuedAt)}: ${since}.`;
  return `Took ${span(run.endedAt - run.queuedAt)}: ${since}.`;
}

const button = (action: string, runId: string, label: string, key: PageKey): Html =>
  html`<form method="post" action="${action}">${key.field}<input type="hidden" name="run" value="${runId}"><button>${label}</button></form>`;

function timeline(run: HistoryRun, now: number): Html {
  const whole: Period = { startedAt: run.queuedAt, endedAt: run.endedAt ?? now };
  const requests = run.requests.map(
    ({ startedAt, endedAt, error, stepId, number }): Piece => ({
      startedAt,
      endedAt: endedAt ?? now,
      look: endedAt === null ? "busy" : error === null ? "off" : "bad",
      title: `${stepId === "step" ? "what comes next?" : "one step"}, try ${number}${error === null ? "" : `: ${error.message}`}`,
    }),
  );
  return html`<div class="steps"><div class="axis"><span>step</span><span><span>${timeOfDay(whole.startedAt)}</span><span>+ ${span(whole.endedAt - whole.startedAt)}</span></span><span class="took">took</span></div>
<div class="line"><span class="what"><b>requests</b><small>each runs the function from its top</small></span>${bar(requests, whole)}<span class="took">${run.calls}</span></div>
${run.steps.map((step) => stepBlock(step, whole, now))}</div>
${run.steps.length === 0 ? html`<p class="note">No step: what the function does outside of steps runs again with each request.</p>` : null}`;
}

function stepBlock(step: HistoryStep, whole: Period, now: number): Html {
  const isOpen = step.status === "Failed" || step.status === "Retrying";
  const tookMs = (step.endedAt ?? now) - step.startedAt;
  const opening = isOpen ? html`<details open>` : html`<details>`;
  return html`${opening}<summary><span class="what"><b>${step.name}</b><small><span class="${step.status}">${step.status}</span> · ${kindOf(step)}</small></span>
${bar(piecesOf(step, now), whole)}<span class="took">${span(tookMs)}<small>+ ${span(step.startedAt - whole.startedAt)}</small></span></summary>
<div class="inside">${tries(step)}${step.input === null ? null : html`<h3>Input</h3>${shownValue(step.input)}`}
<h3>${step.status === "Failed" || step.status === "Retrying" ? "Error" : "Output"}</h3>${outputOf(step)}</div></details>`;
}

function tries({ tries: all }: HistoryStep): Html | null {
  const hasFailed = all.some(({ error }) => error !== null);
  if (!hasFailed) return null;
  return html`<h3>Tries</h3><table>${all.map(({ number, startedAt, endedAt, error }) => html`<tr><td class="time">${timeOfDay(startedAt)}</td><td>try ${number}, ${span(endedAt - startedAt)}</td><td class="${error === null ? "Completed" : "Failed"}">${error === null ? "done" : `${error.name}: ${error.message}`}</td></tr>`)}</table>`;
}

function outputOf(step: HistoryStep): Html {
  if (step.endedAt === null && step.status !== "Retrying") return html`<p class="soft">Not yet.</p>`;
  if (step.op === "Sleep") return html`<p class="soft">A sleep has none.</p>`;
  if (step.op === "WaitForEvent" && step.output === null)
    return html`<p class="soft">No event came in time.</p>`;
  return shownValue(step.output);
}

function kindOf({ op, type }: HistoryStep): string {
  switch (op) {
    case "StepRun":
    case "StepPlanned":
      return type ?? "step.run";
    case "Sleep":
      return "step.sleep";
    case "WaitForEvent":
      return "step.waitForEvent";
    case "InvokeFunction":
      return "step.invoke";
    default:
      return op;
  }
}
