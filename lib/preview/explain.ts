/**
 * Owns the answer to "why is this sandbox running?", or resting, or failed: plain sentences from the record, its history
 * and the policy, and one for each entry of the history. Pure; cannot fail: what is not known any more is left out. It
 * must never guess at what the provider would say now.
 */
import { spanText } from "../duration-words";
import { type Standing, standingText } from "../line-words";
import { entryWords, filesText, type ToldEntry } from "./entry-words";
import { actorOf, type HistoryEntry, moves } from "./history";
import type { Policy } from "./policy";
import { reasonCopy } from "./reasons";
import { isClaimed, isRunOver, type PreviewRecord, type Snapshot } from "./record";
import { shownReason } from "./shown-reason";
import { honestReason, phaseTitles } from "./titles";
import type { State } from "./transitions";
import { isRenewing } from "./view";
import { whoOpened, whyItRuns } from "./why-it-runs";

export interface Explanation {
  /** Spans in it are of the moment when it was asked. */
  readonly why: readonly string[];
  /** Newest first. */
  readonly entries: readonly ToldEntry[];
}

export function explain(snapshot: Snapshot, history: readonly HistoryEntry[], policy: Policy): Explanation {
  return { why: whyRunning(snapshot, history, policy), entries: history.map(entryWords) };
}

/** Why it is in its state, since when and by whom, and what would change that; the first sentence says the most. */
export function whyRunning(snapshot: Snapshot, history: readonly HistoryEntry[], policy: Policy): string[] {
  const told = snapshot.line
    ? lineSentences(snapshot, snapshot.line)
    : sentencesOf(snapshot, history, policy);
  return [...told, ...filesSentences(snapshot)];
}

function lineSentences({ record, now }: Snapshot, standing: Standing): string[] {
  const since = spanText(now - (record.waitingSince ?? now));
  return [
    `It has waited for a place for ${since}: ${standingText(standing)}.`,
    "As many sandboxes run as the plan allows; it starts by itself when its turn comes.",
  ];
}

function sentencesOf(snapshot: Snapshot, history: readonly HistoryEntry[], policy: Policy): string[] {
  const { record, now } = snapshot;
  switch (record.state) {
    case "absent":
      return [reasonCopy[record.reason].message];
    case "starting":
    case "resuming":
    case "pausing":
      return whyItMoves(snapshot, record.state, history, policy);
    case "running":
      return isRunOver(snapshot)
        ? [
            `The end that the provider confirmed passed ${spanText(now - record.endsAt)} ago, where a sandbox is paused with its memory kept.`,
            "Opening wakes it; the sweep writes it down.",
          ]
        : whyItRuns(snapshot, history, policy);
    case "paused":
      return [
        ...restSentences(snapshot, "was", record.pausedAt),
        ...ranBefore(history),
        ...(snapshot.suspendedBecause === undefined ? ["Opening wakes it."] : []),
      ];
    case "expired":
      return [...restSentences(snapshot, "was found", record.changedAt), ...ranBefore(history)];
    case "failed":
      return [
        ...restSentences(snapshot, "was", record.changedAt),
        "It starts again only when a person tries again.",
      ];
  }
}

const movingWords = { starting: "Starting", resuming: "Waking up", pausing: "Going to rest" } as const;

function whyItMoves(
  snapshot: Snapshot,
  state: keyof typeof movingWords,
  history: readonly HistoryEntry[],
  policy: Policy,
): string[] {
  const { record, now } = snapshot;
  const entered = moves(history).find(({ to }) => to === state);
  const since = spanText(now - (record.claimedAt ?? record.changedAt));
  const by = entered && state !== "pausing" ? `, since ${whoOpened[actorOf(entered.by)]}` : "";
  const sentences = isRenewing(record)
    ? [
        `Renewing its run for ${since}; that takes about ${spanText(record.renewTookMs ?? policy.renewEstimateMs)}, with memory and processes kept.`,
      ]
    : [`${movingWords[state]} for ${since}${by}.`, `${reasonCopy[honestReason(record)].title}.`];
  const phase = record.phase ?? "claimed";
  sentences.push(`Now: ${phaseTitles[phase]} (${spanText(now - (record.phaseAt ?? record.changedAt))}).`);
  if (!isClaimed(snapshot)) {
    sentences.push("Whoever was at work on it has stopped; whoever opens it goes on, or the sweep.");
  }
  if (state === "pausing" && record.wanted === "running" && !isRenewing(record)) {
    sentences.push("Somebody came meanwhile, so it wakes as soon as it rests.");
  }
  return sentences;
}

function restSentences(snapshot: Snapshot, verb: "was" | "was found", at: number): string[] {
  const { now } = snapshot;
  const { title, message } = shownReason(snapshot);
  return [`${title}. That ${verb} ${spanText(now - at)} ago.`, message];
}

/** How long it ran the last time, where the history still knows and no renewal cut that in two. */
function ranBefore(history: readonly HistoryEntry[]): string[] {
  const stopped = moves(history).find(({ from }) => from === "running");
  if (!stopped || stopped.reason === "renewal") return [];
  return [`Before that it ran for ${spanText(stopped.afterMs)}.`];
}

function filesSentences({ record, now }: Snapshot): string[] {
  const { savedAt, unsaved, syncAskedAt, state } = record;
  return [
    ...(savedAt === undefined
      ? []
      : [`Its files were last known to be in the project ${spanText(now - savedAt)} ago.`]),
    ...(unsaved ? [unsavedText(state, unsaved)] : []),
    ...(syncAskedAt === undefined
      ? []
      : [`Newer files were announced ${spanText(now - syncAskedAt)} ago; ${syncWords(record)}.`]),
  ];
}

function unsavedText(state: State, unsaved: number): string {
  const files = filesText(unsaved);
  return state === "expired"
    ? `${files} of the sandbox that is gone had not been given back to the project.`
    : `${files} in it could not be given back to the project; what was changed stays in the sandbox.`;
}

const syncWords = ({ state }: PreviewRecord): string =>
  state === "running" ? "they are being brought" : "they come when it runs again";
