/**
 * Owns making a lost record anew from the labels of the preview's sandboxes: what runs and answers is running, what rests
 * is at rest, and later epochs are above the highest that any of them tells. It must never wake what rests, nor decide
 * between two that both may be somebody's by more than which runs. Fails closed with catalogue errors; what dies half-way
 * is an interrupted start that names what it had, or nothing, and the next look or audit goes on.
 */
import type { LeaseId, SandboxId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { FoundSandbox } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { readPreviewFile } from "@/lib/workspace/preview-file";
import { runningFirst } from "./candidates";
import { commit } from "./settle";
import { answersNow, commitTakenOver, nameResting, nameRunning } from "./take-over";

export type RebuildOutcome =
  | { readonly kind: "running" | "paused"; readonly sandboxId: SandboxId }
  /** It runs, and what is in it is not known to answer: wanted running, the ordinary opening goes on with it. */
  | { readonly kind: "to-open"; readonly sandboxId: SandboxId }
  /** There is a record by now, somebody is at work on it, or none of its sandboxes may be named. */
  | { readonly kind: "not-free" };

export async function rebuild(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<RebuildOutcome> {
  const { store, sandboxes } = runtime;
  const { appId: app, environment: env } = runtime;
  const found = await sandboxes.find({ app, env, previewId: store.previewIdOf(scope) });
  const candidates = runningFirst(found);
  const [first] = candidates;
  if (!first) return { kind: "not-free" };
  const claimed = await store.claim(scope, {
    kind: "adopt",
    leaseId,
    reason: "adopted",
    wanted: first.state === "running" ? "running" : "resting",
    bootId: runtime.random.hex(6),
    epochFloor: Math.max(...found.map(({ epoch }) => epoch)),
  });
  if (claimed.kind !== "granted") return { kind: "not-free" };
  const { forgottenEpoch = 0 } = claimed.snapshot.record;
  for (const candidate of candidates) {
    if (candidate.epoch <= forgottenEpoch) continue;
    const taken = await take(runtime, claimed.lease, candidate);
    if (taken) return taken;
  }
  await commit(runtime, claimed.lease, {
    operation: "nothing-to-name",
    claim: "release",
    become: "expired",
    reason: "sandbox-gone",
    wanted: "resting",
    check: "never",
  });
  return { kind: "not-free" };
}

/** Undefined when it is gone or was refused: the next one is tried. */
async function take(
  runtime: Runtime,
  lease: Lease,
  { sandboxId }: FoundSandbox,
): Promise<RebuildOutcome | undefined> {
  const seen = await runtime.sandboxes.observe(sandboxId);
  switch (seen.kind) {
    case "gone":
      return undefined;
    case "paused": {
      const named = await nameResting(runtime, lease, sandboxId, seen.pausedAt);
      if (!named) return undefined;
      return { kind: named.record.wanted === "running" ? "to-open" : "paused", sandboxId };
    }
    case "running": {
      if (!(await nameRunning(runtime, lease, sandboxId, seen))) return undefined;
      const known = await readPreviewFile(runtime.sandboxes, sandboxId);
      if (known && (await answersNow(runtime, sandboxId, known.port))) {
        await commitTakenOver(runtime, lease, { sandboxId, port: known.port }, seen, known);
        return { kind: "running", sandboxId };
      }
      await commit(runtime, lease, {
        operation: `to-open-${sandboxId}`,
        claim: "release",
        wanted: "running",
        check: { inMs: runtime.policy.healAfterMs },
      });
      return { kind: "to-open", sandboxId };
    }
  }
}
