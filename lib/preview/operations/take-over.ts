/**
 * Owns how a sandbox that is there already becomes a preview's: one that runs and answers is running at once, with its end
 * moved so that it lives on; one that rests is at rest; of any other the ordinary opening finds out more. All of it under
 * the claim that the caller holds. It must never wake what rests, nor take one that another record names. Fails closed with
 * catalogue errors.
 */
import type { SandboxId } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { ObservedSandbox } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import type { KnownPreview } from "@/lib/workspace/preview-file";
import type { Snapshot } from "../record";
import { commit, commitRunning, commitUnlessRefused } from "./settle";

type Running = Extract<ObservedSandbox, { kind: "running" }>;

/** False, with nothing written, when the sandbox was condemned, or when it or the record is another's by now. */
export async function nameRunning(
  runtime: Runtime,
  lease: Lease,
  sandboxId: SandboxId,
  { startedAt, endsAt }: Running,
): Promise<boolean> {
  const named = await commitUnlessRefused(runtime, lease, {
    operation: `named-${sandboxId}`,
    claim: "hold",
    mustBeFree: true,
    wanted: "running",
    set: { sandboxId, runStartedAt: startedAt, endsAt },
    check: { inMs: runtime.policy.leaseMs },
  });
  return named !== undefined;
}

/** Undefined when it was refused, as above. */
export function nameResting(
  runtime: Runtime,
  lease: Lease,
  sandboxId: SandboxId,
  pausedAt: number,
): Promise<Snapshot | undefined> {
  return commitUnlessRefused(runtime, lease, {
    operation: `rests-${sandboxId}`,
    claim: "release",
    mustBeFree: true,
    become: "paused",
    set: { sandboxId, pausedAt },
    endedAt: pausedAt,
    check: "never",
  });
}

/** It runs and its server has answered; `known` is what the sandbox itself knew, where it knew anything. */
export async function commitTakenOver(
  runtime: Runtime,
  lease: Lease,
  { sandboxId, port }: { readonly sandboxId: SandboxId; readonly port: number },
  seen: Running,
  known?: KnownPreview,
): Promise<Snapshot> {
  const extended = await runtime.sandboxes.extend(sandboxId, runtime.policy.keepAliveMs);
  const { startedAt, endsAt } = extended.kind === "extended" ? extended : seen;
  if (known) {
    const { bootId, revision, generation } = known;
    await commit(runtime, lease, {
      operation: `known-${sandboxId}`,
      claim: "hold",
      set: {
        bootId,
        filesFor: bootId,
        ...(revision === undefined ? {} : { revision }),
        ...(generation === undefined ? {} : { generation }),
      },
      check: { inMs: runtime.policy.leaseMs },
    });
  }
  return commitRunning(runtime, lease, { sandbox: { sandboxId, startedAt, endsAt }, port, cameBack: "warm" });
}

/** Whether the dev server answers; one look, since who waits for it is asked again by the ordinary opening. */
export async function answersNow(runtime: Runtime, sandboxId: SandboxId, port: number): Promise<boolean> {
  const probed = await runtime.probe(sandboxId, port, Math.floor(runtime.policy.stepBudgetMs / 2));
  return probed.kind === "answers";
}
