/**
 * Owns whether a sandbox came back as it was paused, and what is done when not: first its files alone are booted, then
 * it is put aside, paused and for good, and the preview is built anew. It must never destroy it: what was not saved is
 * in there. Fails closed: what cannot be looked at is damaged; a provider that does not answer throws.
 */
import { forgetJobs } from "@/lib/boot/jobs";
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { RunningSandbox } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { checkIntegrity, type Expected, type Integrity } from "@/lib/workspace/integrity";
import type { PreviewRecord } from "../record";
import { stillMine } from "./boot";
import { commit, sandboxFields } from "./settle";

/** `put-aside`: the record names no sandbox any more, and a start is under way. */
export type CheckedBack = "intact" | "rebooted" | "put-aside";

/** Whether what runs now is what was paused; a preview of before there were seals is taken at its word. */
export async function isIntact(
  runtime: Runtime,
  sandboxId: SandboxId,
  record: PreviewRecord,
  deadlineMs: number,
): Promise<boolean> {
  return (await integrityOf(runtime, sandboxId, record, deadlineMs))?.kind !== "broken";
}

/** Mends what can be mended. @throws LeaseLostError, SandboxGoneError and the port's errors */
export async function checkBack(runtime: Runtime, lease: Lease): Promise<CheckedBack> {
  const { record: before } = await runtime.store.renewLease(lease, { phase: "answer" });
  // A repeated step finds what it has put aside itself, and makes sure that it rests.
  if (before.asideId) return restAside(runtime, lease, before.asideId);
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "answer");
  const { stepBudgetMs, keepAliveMs } = runtime.policy;
  const found = await integrityOf(runtime, sandboxId, snapshot.record, stepBudgetMs);
  if (found?.kind !== "broken") return "intact";
  runtime.log.warn({ sandboxId, ...found }, "a sandbox came back damaged");
  await recordDamage(runtime, lease, snapshot.now);

  const rebooted = await runtime.sandboxes.reboot(sandboxId, keepAliveMs);
  await forgetJobs(runtime.sandboxes, sandboxId, stepBudgetMs);
  const { record } = await recordReboot(runtime, lease, rebooted);
  const again = await integrityOf(runtime, sandboxId, record, stepBudgetMs);
  if (again?.kind !== "broken") return "rebooted";
  await putAside(runtime, lease, sandboxId, again.what);
  return restAside(runtime, lease, sandboxId);
}

function integrityOf(
  { sandboxes }: Runtime,
  sandboxId: SandboxId,
  record: PreviewRecord,
  deadlineMs: number,
): Promise<Integrity | undefined> {
  const expected = expectedOf(record);
  return expected
    ? checkIntegrity({ sandboxes }, { sandboxId, expected, deadlineMs })
    : Promise.resolve(undefined);
}

/** The seal counts only for the pause that it was taken for; else what was written before is all that is known. */
function expectedOf({ generation, sealHash }: PreviewRecord): Expected | undefined {
  if (generation === undefined) return undefined;
  return sealHash === undefined ? { kind: "unsealed", generation } : { kind: "sealed", generation, sealHash };
}

/** Whatever becomes of this way back: the next one must not take it for intact. */
export function recordDamage(runtime: Runtime, lease: Lease, now: number) {
  return commit(runtime, lease, {
    operation: "damaged",
    claim: "hold",
    set: { damagedAt: now },
    check: { inMs: runtime.policy.leaseMs },
  });
}

function recordReboot(runtime: Runtime, lease: Lease, sandbox: RunningSandbox) {
  return commit(runtime, lease, {
    operation: `rebooted-${sandbox.startedAt}`,
    claim: "hold",
    set: { runStartedAt: sandbox.startedAt, endsAt: sandbox.endsAt },
    check: { inMs: runtime.policy.leaseMs },
  });
}

/** Let go by the record and marked in one script, so that nobody adopts it again; `asideId` until it rests. */
async function putAside(runtime: Runtime, lease: Lease, sandboxId: SandboxId, what: string): Promise<void> {
  await commit(runtime, lease, {
    operation: `aside-${sandboxId}`,
    claim: "hold",
    become: "starting",
    reason: "files-damaged",
    set: { bootId: runtime.random.hex(6), asideId: sandboxId },
    remove: [...sandboxFields, "pausedAt", "generation", "sealHash", "damagedAt"],
    condemn: sandboxId,
    check: { inMs: runtime.policy.leaseMs },
  });
  await runtime.store.note(lease.scope, { kind: "put-aside", sandboxId, what });
}

/** Paused, so that it costs nothing, and only then forgotten. */
async function restAside(runtime: Runtime, lease: Lease, sandboxId: SandboxId): Promise<"put-aside"> {
  const { isEverythingHeld } = await runtime.store.renewLease(lease, {});
  // Nothing is paused while an operator looks: the provider's own timeout does it, or the audit afterwards.
  if (!isEverythingHeld) await runtime.sandboxes.pause(sandboxId);
  await commit(runtime, lease, {
    operation: `aside-rests-${sandboxId}`,
    claim: "hold",
    remove: ["asideId"],
    check: { inMs: runtime.policy.leaseMs },
  });
  return "put-aside";
}
