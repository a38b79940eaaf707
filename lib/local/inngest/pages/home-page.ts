/**
 * Owns the page at `/`: what runs and ran, which events came and what each did, the functions, and the form that sends an
 * event. Newest first; a run's story stands on its own page. Pure; cannot fail.
 */
import type { HistoryEvent, HistoryRun, InngestHistory, RunStatus } from "@/lib/local/inngest/history";
import { consequenceWords } from "./consequences";
import { type Html, html } from "./html";
import type { PageKey } from "./page-key";
import { EMPTY_DRAFT, sendForm } from "./send-form";
import { dateAndTime, plural, span, timeOfDay } from "./words";

export interface HomeView {
  readonly history: InngestHistory;
  readonly functionIds: readonly string[];
  readonly pausedIds: readonly string[];
  /** Only runs of this status, and of this function; null shows all. */
  readonly status: string | null;
  readonly functionId: string | null;
  /** Also the engine's own events that started nothing, which each run's end brings. */
  readonly hasAllEvents: boolean;
  readonly key: PageKey;
}

export function homePage(view: HomeView): Html {
  const { history, functionIds, pausedIds, key } = view;
  const runs = history.runs.filter(
    (run) =>
      (view.status === null || run.status === view.status) &&
      (view.functionId === null || run.functionId === view.functionId),
  );
  return html`<h1>What happened</h1>
<h2>Runs</h2>${filters(view)}${runs.length === 0 ? empty("No run yet. An event that triggers a function starts one.") : runTable(runs)}
<div class="columns"><section><h2>Events</h2>${eventList(view)}</section>
<section><h2>Send an event</h2>${sendForm(key, EMPTY_DRAFT, "Send event")}
<h2>Functions</h2>${functionIds.length === 0 ? empty("No app has registered any yet.") : functionList(functionIds, pausedIds)}</section></div>`;
}

const empty = (sentence: string): Html => html`<p class="empty">${sentence}</p>`;

const STATUSES: readonly RunStatus[] = ["Queued", "Running", "Completed", "Failed", "Cancelled", "Skipped"];

function filters({ history, status, functionId }: HomeView): Html {
  const link = (name: string | null, count: number) => {
    const parameters = new URLSearchParams({
      ...(name === null ? {} : { status: name }),
      ...(functionId === null ? {} : { function: functionId }),
    });
    const text = `${name ?? "All"} ${count}`;
    return name === status ? html`<b>${text}</b>` : html`<a href="/?${parameters.toString()}">${text}</a>`;
  };
  const count = (name: RunStatus) => history.runs.filter((run) => run.status === name).length;
  const counted = STATUSES.map((name) => ({ name, runs: count(name) })).filter(({ runs }) => runs > 0);
  return html`<nav class="filters">${link(null, history.runs.length)}${counted.map(({ name, runs }) => link(name, runs))}
${functionId === null ? null : html`<span>of <code>${functionId}</code> · <a href="/">all functions</a></span>`}
<a href="/?refresh=2">refresh by itself</a></nav>`;
}

const runTable = (
  runs: readonly HistoryRun[],
): Html => html`<table><tr><th>status</th><th>function</th><th>started by</th><th class="number">steps</th><th class="number">took</th><th class="wide">queued</th></tr>
${[...runs].reverse().map(runRow)}</table>`;

function runRow(run: HistoryRun): Html {
  const tookMs = run.endedAt === null || run.startedAt === null ? null : run.endedAt - run.startedAt;
  return html`<tr><td><span class="pill ${run.status}">${run.status}</span></td>
<td><a href="/runs/${run.id}">${run.functionId}</a>${run.reason === null ? null : html`<br><small class="soft">${run.reason}</small>`}</td>
<td><a href="/events/${encodeURIComponent(run.eventId)}">${run.eventName}</a></td><td class="number">${run.steps.length}</td>
<td class="number">${tookMs === null ? "" : span(tookMs)}</td><td class="time wide">${dateAndTime(run.queuedAt)}</td></tr>`;
}

function eventList({ history: { events }, hasAllEvents }: HomeView): Html {
  const shown = events.filter((event) => hasAllEvents || !isSilent(event));
  const left = events.length - shown.length;
  return html`${shown.length === 0 ? empty("No event yet. The app sends them, or you do.") : eventTable(shown)}
${left === 0 ? null : html`<p class="note">${plural(left, "event")} of the engine itself that started nothing ${left === 1 ? "is" : "are"} left out. <a href="/?events=all">Show all</a></p>`}`;
}

const isSilent = ({ name, consequences }: HistoryEvent): boolean =>
  name.startsWith("inngest/") && consequences.length === 0;

const eventTable = (
  events: readonly HistoryEvent[],
): Html => html`<table><tr><th>received</th><th>event</th><th>what it did</th></tr>
${[...events].reverse().map(eventRow)}</table>`;

const eventRow = (event: HistoryEvent): Html => html`<tr><td class="time">${timeOfDay(event.receivedAt)}</td>
<td><a href="/events/${event.internalId}">${event.name}</a></td>
<td>${event.consequences.length === 0 ? html`<span class="soft">started nothing</span>` : event.consequences.map((one) => html`<div>${consequenceWords(one)}</div>`)}</td></tr>`;

const functionList = (
  ids: readonly string[],
  pausedIds: readonly string[],
): Html => html`<p class="note">${plural(ids.length, "function")} registered.</p>
<table>${ids.map((id) => html`<tr><td><a href="/?${new URLSearchParams({ function: id }).toString()}"><code>${id}</code></a>${pausedIds.includes(id) ? " (paused: its new runs are skipped)" : null}</td></tr>`)}</table>`;
