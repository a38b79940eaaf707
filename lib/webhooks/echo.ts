/**
 * Owns what an event of E2B's tells that the record does not know: most are echoes of our own calls and are dropped for
 * one read of Redis. Pure. It must never be taken for the truth: `news` is a reason to ask the provider, no more.
 * Fails open: what contradicts the record, or cannot be told from that, is news, and a look that finds nothing changes
 * nothing.
 *
 * Events come twice, late and in any order, and carry E2B's time, as `runStartedAt` and `endsAt` of the record do; other
 * times of the record are Redis's, and two clocks that differ by seconds cost a look too many, or leave an end to the sweep.
 */
import type { Policy } from "@/lib/preview/policy";
import { type PreviewRecord, type Snapshot, sandboxOf } from "@/lib/preview/record";
import type { SandboxChange } from "./sandbox-event";

export type Told =
  /** The record says so, or is about to; or it is older than what the record knows. */
  | { readonly kind: "echo" }
  /** It contradicts the record: somebody has to look. */
  | { readonly kind: "news" }
  /**
   * A sandbox that the record does not name runs. It may be a start's that is not written down yet, or an orphan; one
   * event cannot tell, so that is left to the hourly audit, which sees all of them and waits out a grace.
   */
  | { readonly kind: "not-ours-to-judge" };

export type WhatMatters = Pick<Policy, "keepAliveMs">;

/** How long after its run's start a `created` or `resumed` may be dated: E2B tells when it is done, not when it begins. */
const START_TAKES_MS = 15_000;

/** E2B keeps whole seconds of an end, and its answer and its event may round differently (e2b.md §2.2, 2026-11-22). */
export const END_TOLERANCE_MS = 2_000;

export function whatItTells(change: SandboxChange, snapshot: Snapshot, policy: WhatMatters): Told {
  const { record } = snapshot;
  if (sandboxOf(record) !== change.sandboxId) {
    const isEnd = change.type === "paused" || change.type === "killed";
    return { kind: isEnd ? "echo" : "not-ours-to-judge" };
  }
  return { kind: isKnown(change, record, policy) ? "echo" : "news" };
}

function isKnown(change: SandboxChange, record: PreviewRecord, policy: WhatMatters): boolean {
  switch (change.type) {
    case "created":
    case "resumed":
      return isKnownStart(change, record);
    case "paused":
      return isKnownPause(change, record);
    case "updated":
      return isKnownEnd(change, record, policy);
    case "killed":
      // No sandbox that a record names is ever killed by us: it is let go and marked first.
      return false;
  }
}

/** The start of the run that the record knows, or of an earlier one. */
function isKnownStart({ at }: SandboxChange, record: PreviewRecord): boolean {
  if (isComingUp(record)) return true;
  const startedAt = runStartOf(record);
  return startedAt !== undefined && at <= startedAt + START_TAKES_MS;
}

/** Only a record that says it runs can be contradicted by a pause, and only by one of the run that it means. */
function isKnownPause({ at }: SandboxChange, record: PreviewRecord): boolean {
  return record.state !== "running" || at < record.runStartedAt;
}

function isKnownEnd({ at, endsAt }: SandboxChange, record: PreviewRecord, policy: WhatMatters): boolean {
  if (endsAt === undefined || isComingUp(record)) return true;
  switch (record.state) {
    case "running": {
      const isLater = endsAt >= record.endsAt - END_TOLERANCE_MS;
      // An extension of ours is told of before it is written down, and a connection may extend without being written
      // down at all; neither asks for more than this.
      if (isLater) return endsAt <= Math.max(record.endsAt, at + policy.keepAliveMs) + END_TOLERANCE_MS;
      // Overtaken by an extension, or by a new run.
      return at <= Math.max(record.extendedAt ?? 0, record.runStartedAt);
    }
    case "pausing":
      return true;
    default:
      // Ends are set only of what runs, and the record says that it rests since then.
      return at <= record.changedAt;
  }
}

/** A start or resume is under way: whoever makes it asks the provider at each of its steps. */
function isComingUp({ state }: PreviewRecord): boolean {
  return state === "starting" || state === "resuming";
}

function runStartOf(record: PreviewRecord): number | undefined {
  return "runStartedAt" in record ? record.runStartedAt : undefined;
}
