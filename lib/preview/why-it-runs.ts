/**
 * Owns why a preview runs right now: since when and through whom, who is there, what was done last, and when it will end
 * by itself. Pure; cannot fail. It goes by the record and the history alone, so a person who reads it knows what the
 * functions know, and no more.
 */
import { spanText } from "../duration-words";
import { idleAt, renewAt, restsAt, runEndsAt } from "./decide";
import { type Actor, actorOf, type HistoryEntry, moves } from "./history";
import type { Policy } from "./policy";
import type { PreviewRecord, Snapshot } from "./record";
import { cameBackTitle } from "./titles";

export function whyItRuns(snapshot: Snapshot, history: readonly HistoryEntry[], policy: Policy): string[] {
  return [
    ...howItCameToRun(snapshot, history),
    whoIsThere(snapshot, history),
    ...lastSigns(snapshot),
    whenItRests(snapshot, policy),
    ...whenItsRunEnds(snapshot, policy),
  ];
}

/** What stands behind a way to running, after "since". */
export const whoOpened: Readonly<Record<Actor, string>> = {
  person: "a person opened it",
  agent: "an agent asked for it",
  product: "the product asked for it",
  operator: "an operator asked for it",
  idle: "somebody came while it was going to rest",
  leaving: "somebody came while it was going to rest",
  renewal: "its run came near its end",
  sweep: "a look found that it was in use",
  audit: "an audit found it running",
  sync: "newer files were brought",
};

/** Renewals keep it the same process, so they are counted and the way to running before them is told. */
function howItCameToRun({ record, now }: Snapshot, history: readonly HistoryEntry[]): string[] {
  const arrivals = moves(history).filter(({ to }) => to === "running");
  const came = arrivals.find(({ reason }) => reason !== "renewed");
  const renewals = came ? arrivals.indexOf(came) : arrivals.length;
  const since = spanText(now - (came?.at ?? record.readyAt ?? record.changedAt));
  const sentences = [`Running for ${since}${came ? `, since ${whoOpened[actorOf(came.by)]}` : ""}.`];
  if (came?.cameBack) {
    const took = came.tookMs === undefined ? "" : `; that took ${spanText(came.tookMs)}`;
    sentences.push(`${cameBackTitle(came.cameBack, came.reason)}${took}.`);
  }
  if (renewals > 0) sentences.push(renewedText(record, renewals, now));
  return sentences;
}

function renewedText({ renewedAt, renewTookMs }: PreviewRecord, times: number, now: number): string {
  const last =
    renewedAt === undefined ? "" : `, ${times === 1 ? "" : "last "}${spanText(now - renewedAt)} ago`;
  const took = renewTookMs === undefined ? "" : ` in ${spanText(renewTookMs)}`;
  return `Its run was renewed ${times === 1 ? "once" : `${times} times`} since${last}${took}, with memory and processes kept.`;
}

function whoIsThere({ record, now, viewers, holds }: Snapshot, history: readonly HistoryEntry[]): string {
  const watching =
    viewers === 0
      ? "Nobody is watching it"
      : `${viewers} ${viewers === 1 ? "viewer is" : "viewers are"} there`;
  if (holds === 0) return `${watching}, and no agent works in it.`;
  const keys = heldKeys(history, now).map((key) => `“${key}”`);
  const names = keys.length > 0 ? ` (${keys.join(", ")})` : "";
  const left =
    record.heldUntil === undefined ? "" : `, for ${spanText(record.heldUntil - now)} at the longest`;
  return `${watching}, and ${holds} ${holds === 1 ? "agent works" : "agents work"} in it${names}${left}.`;
}

/** The holds that stand, by what each key's newest entry says. */
function heldKeys(history: readonly HistoryEntry[], now: number): string[] {
  const newest = new Map<string, boolean>();
  for (const entry of history) {
    if (entry.kind !== "held" && entry.kind !== "released") continue;
    if (!newest.has(entry.by)) newest.set(entry.by, entry.kind === "held" && entry.until > now);
  }
  return [...newest].filter(([, isHeld]) => isHeld).map(([key]) => key);
}

function lastSigns({ record, now }: Snapshot): string[] {
  if (record.state !== "running") return [];
  const { lastActiveAt, extendedAt, endsAt } = record;
  const moved = extendedAt === undefined ? "" : `, as it confirmed ${spanText(now - extendedAt)} ago`;
  return [
    ...(lastActiveAt === undefined ? [] : [`It was last used ${spanText(now - lastActiveAt)} ago.`]),
    `The provider would pause it by itself in ${spanText(endsAt - now)}${moved}.`,
  ];
}

function whenItRests(snapshot: Snapshot, policy: Policy): string {
  const { record, now, holds, isEverythingHeld, suspendedBecause } = snapshot;
  if (isEverythingHeld) return "It does not rest while the operators hold everything.";
  if (suspendedBecause !== undefined) return "Its user is suspended, so it rests at the next look.";
  const at = restsAt(snapshot, policy);
  if (now >= at) return `It should have gone to rest ${spanText(now - at)} ago, and does at the next look.`;
  const left = spanText(at - now);
  if (holds > 0) return `It does not rest while an agent works in it; without other use it rests in ${left}.`;
  if (record.leftAt !== undefined && at < idleAt(record, policy)) {
    return `Everybody left ${spanText(now - record.leftAt)} ago, so it rests in ${left} unless somebody comes back.`;
  }
  return `Without use it rests in ${left}: ${spanText(policy.idleAfterMs)} after the last sign of life.`;
}

function whenItsRunEnds({ record, now }: Snapshot, policy: Policy): string[] {
  const [endsAt, at] = [runEndsAt(record, policy), renewAt(record, policy)];
  if (endsAt === undefined || at === undefined) return [];
  const when = at > now ? `from ${spanText(at - now)} on` : "now";
  return [
    `The plan ends this run in ${spanText(endsAt - now)}; while it is in use it is renewed before, ${when}, in a quiet moment, with memory and processes kept.`,
  ];
}
