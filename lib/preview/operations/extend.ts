/**
 * Owns keeping a preview in use alive: one extension of the provider's timeout if it moves the end, read back and
 * recorded. Takes no claim: an extension is harmless in any order, since the record takes only later ends of the same
 * run. It must never connect (that resumes) and never extend for anything but recorded activity.
 * Fails closed: catalogue errors, retried; if none succeeds, the provider's own timeout pauses the sandbox.
 */
import type { Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Snapshot } from "../record";

export type ExtendOutcome =
  | { readonly kind: "extended"; readonly fromMs: number; readonly toMs: number }
  /** The end could not move further: E2B clamps to the plan's longest run without saying so. */
  | { readonly kind: "at-cap"; readonly endsAt: number }
  | { readonly kind: "not-needed"; readonly endsAt: number }
  | { readonly kind: "not-running" }
  /** The provider says something else than the record: reconcile. */
  | {
      readonly kind: "look-again";
      readonly found: "gone" | "paused" | "past-cap" | "run-over" | "other-run";
    };

export async function extend(runtime: Runtime, scope: Scope, activityAt: number): Promise<ExtendOutcome> {
  const touched = await runtime.store.touch(scope, { kind: "activity", at: activityAt });
  if (touched?.snapshot.record.state !== "running") return { kind: "not-running" };
  const { record, now } = touched.snapshot;
  const askMs = keepAliveFor(runtime, touched.snapshot);
  if (now >= record.endsAt) return { kind: "look-again", found: "run-over" };
  // Nothing left to ask for: asking all the same would end the run at once, if the provider knows of a newer one. It is
  // still seen whether it runs, or near the cap a sandbox killed by others would stay unnoticed until the run's end.
  if (askMs === 0 || now + askMs <= record.endsAt) {
    const seen = await runtime.sandboxes.observe(record.sandboxId);
    if (seen.kind !== "running") return { kind: "look-again", found: seen.kind };
    if (seen.startedAt !== record.runStartedAt) return { kind: "look-again", found: "other-run" };
    return { kind: "not-needed", endsAt: record.endsAt };
  }
  const extended = await runtime.sandboxes.extend(record.sandboxId, askMs);
  if (extended.kind !== "extended") return { kind: "look-again", found: extended.kind };
  const recorded = await runtime.store.recordExtension(scope, {
    sandboxId: record.sandboxId,
    runStartedAt: extended.startedAt,
    endsAt: extended.endsAt,
  });
  switch (recorded) {
    case "recorded":
      return { kind: "extended", fromMs: record.endsAt, toMs: extended.endsAt };
    case "not-later":
      return { kind: "at-cap", endsAt: record.endsAt };
    case "other-run":
      return { kind: "look-again", found: "other-run" };
  }
}

/** From the last activity, not from now: a late or replayed event must not buy time that nobody used. */
function keepAliveFor(runtime: Runtime, { record, now }: Snapshot): number {
  const lastActiveAt = record.lastActiveAt ?? now;
  const untilCapMs =
    "runStartedAt" in record && record.runStartedAt !== undefined
      ? record.runStartedAt + runtime.policy.maxRunMs - now
      : runtime.policy.keepAliveMs;
  return Math.max(0, Math.min(lastActiveAt + runtime.policy.keepAliveMs - now, untilCapMs));
}
