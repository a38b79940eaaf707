/**
 * Owns what is done about a run that was cut short from outside while its preview is in use: it gets its time back, since
 * the provider would pause it under its viewers, and the next look is only due after that. It must never extend beyond
 * what its last use has paid for. Fails closed: catalogue errors; nothing was recorded before, so a look that is repeated
 * finds the short end again, and asks again.
 */
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Observed } from "../action";
import type { Snapshot } from "../record";
import { keepAliveFor } from "./extend";

/** The provider keeps whole seconds of an end (e2b.md §2.2, 2026-11-22). */
const END_TOLERANCE_MS = 2_000;

/** What the provider says afterwards; undefined when the run has all the time that it should have, or that it can get. */
export async function giveTimeBack(
  runtime: Runtime,
  sandboxId: SandboxId,
  snapshot: Snapshot,
  { startedAt, endsAt }: { readonly startedAt: number; readonly endsAt: number },
): Promise<Observed | undefined> {
  const { record, now } = snapshot;
  if (record.state !== "running") return undefined;
  const { runCapAt, ...uncapped } = record;
  // Where another run was found to end says nothing of this one.
  const cap = record.runStartedAt === startedAt && runCapAt !== undefined ? { runCapAt } : {};
  const seen = { ...snapshot, record: { ...uncapped, ...cap, runStartedAt: startedAt, endsAt } };
  const askMs = keepAliveFor(runtime, seen);
  if (now + askMs <= endsAt + END_TOLERANCE_MS) return undefined;
  const extended = await runtime.sandboxes.extend(sandboxId, askMs);
  switch (extended.kind) {
    case "extended":
      return { kind: "running", startedAt: extended.startedAt, endsAt: extended.endsAt };
    case "past-cap":
      return undefined;
    case "paused":
    case "gone":
      return extended;
  }
}
