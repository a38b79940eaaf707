/**
 * Owns keeping a preview in use alive: one extension of the provider's timeout if it moves the end, read back and
 * recorded. Takes no claim: an extension is harmless in any order, since the record takes only later ends of the same
 * run. It must never connect (that resumes) and never extend for anything but recorded activity.
 * Fails closed: catalogue errors, retried; if none succeeds, the provider's own timeout pauses the sandbox.
 */
import type { Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { idleAt, renewAt, runEndsAt, usedUntil } from "../decide";
import type { PreviewRecord, Snapshot } from "../record";

export type ExtendOutcome =
  | { readonly kind: "extended"; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: "not-needed"; readonly endsAt: number }
  /** The run, named by its start, nears the end that cannot move: from `renewAt` on it has to be renewed. */
  | { readonly kind: "near-cap"; readonly run: number; readonly renewAt: number }
  | { readonly kind: "not-running" }
  /** The provider says something else than the record: reconcile. */
  | {
      readonly kind: "look-again";
      readonly found: "gone" | "paused" | "past-cap" | "run-over" | "other-run";
    };

/** `activityAt` is undefined for a sign that nobody gave (a start's, a hold's): it moves the end and counts as no use. */
export async function extend(
  runtime: Runtime,
  scope: Scope,
  activityAt: number | undefined,
): Promise<ExtendOutcome> {
  const snapshot =
    activityAt === undefined
      ? (await runtime.store.read(scope)).snapshot
      : (await runtime.store.touch(scope, { kind: "activity", at: activityAt }))?.snapshot;
  if (snapshot?.record.state !== "running") return { kind: "not-running" };
  const { now } = snapshot;
  const { record } = snapshot;
  const askMs = keepAliveFor(runtime, snapshot);
  if (now >= record.endsAt) return { kind: "look-again", found: "run-over" };
  const isMoved = askMs > 0 && now + askMs > record.endsAt;
  return isMoved ? move(runtime, scope, snapshot, record, askMs) : look(runtime, snapshot, record);
}

type RunningRecord = Extract<PreviewRecord, { state: "running" }>;

/**
 * Nothing is left to ask for: asking all the same would end the run at once, if the provider knows of a newer one. It is
 * still seen whether it runs, or near the cap a sandbox killed by others would stay unnoticed until the run's end.
 */
async function look(runtime: Runtime, snapshot: Snapshot, record: RunningRecord): Promise<ExtendOutcome> {
  const seen = await runtime.sandboxes.observe(record.sandboxId);
  if (seen.kind !== "running") return { kind: "look-again", found: seen.kind };
  if (seen.startedAt !== record.runStartedAt) return { kind: "look-again", found: "other-run" };
  return nearCap(runtime, snapshot) ?? { kind: "not-needed", endsAt: record.endsAt };
}

async function move(
  runtime: Runtime,
  scope: Scope,
  snapshot: Snapshot,
  record: RunningRecord,
  askMs: number,
): Promise<ExtendOutcome> {
  const extended = await runtime.sandboxes.extend(record.sandboxId, askMs);
  if (extended.kind !== "extended") return { kind: "look-again", found: extended.kind };
  const recorded = await runtime.store.recordExtension(scope, {
    sandboxId: record.sandboxId,
    runStartedAt: extended.startedAt,
    endsAt: extended.endsAt,
    // E2B gives whole seconds, and its clock is not Redis's: less than that is no clamp (e2b.md §2.2, 2026-11-22).
    isClamped: extended.endsAt < snapshot.now + askMs - CLAMP_TOLERANCE_MS,
  });
  switch (recorded) {
    case "recorded":
      return nearCap(runtime, snapshot) ?? { kind: "extended", fromMs: record.endsAt, toMs: extended.endsAt };
    case "not-later":
      return nearCap(runtime, snapshot) ?? { kind: "not-needed", endsAt: record.endsAt };
    case "other-run":
      return { kind: "look-again", found: "other-run" };
  }
}

const CLAMP_TOLERANCE_MS = 30_000;

/** Told by every sign after which the preview would still be used when its run ends, and by no earlier one. */
function nearCap(runtime: Runtime, { record }: Snapshot): ExtendOutcome | undefined {
  const { policy } = runtime;
  const [at, endsAt] = [renewAt(record, policy), runEndsAt(record, policy)];
  if (record.state !== "running" || at === undefined || endsAt === undefined) return undefined;
  if (idleAt(record, policy) <= endsAt - policy.renewAtLatestMs) return undefined;
  return { kind: "near-cap", run: record.runStartedAt, renewAt: at };
}

/** What is asked for, as time from now: from the last use, or a late or replayed event would buy time that nobody used. */
export function keepAliveFor(runtime: Runtime, { record, now, isEverythingHeld }: Snapshot): number {
  const untilCapMs = (runEndsAt(record, runtime.policy) ?? Number.POSITIVE_INFINITY) - now;
  // While nothing may be paused, the provider may not do it either.
  const lastUse = isEverythingHeld ? now : usedUntil(record);
  return Math.max(0, Math.min(lastUse + runtime.policy.keepAliveMs - now, untilCapMs));
}
