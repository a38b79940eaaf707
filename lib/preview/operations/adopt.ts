/**
 * Owns taking a sandbox that a product runs already as a preview's own: it is looked at, its server is asked, and only then
 * does the record name it. What its files are is not ours to judge: nothing is brought into it, and a save finds no base to
 * compare with. It must never take one that rests (a connection would wake it), nor one that is or was another preview's.
 * Fails closed with catalogue errors; a worker that dies half-way leaves a start that the next look goes on with.
 */
import type { LeaseId, SandboxId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { ClaimReply } from "@/lib/store/store";
import { type Snapshot, sandboxOf } from "../record";
import { commit } from "./settle";
import { answersNow, commitTakenOver, nameRunning } from "./take-over";

export interface AdoptRequest {
  readonly sandboxId: SandboxId;
  /** Where its dev server listens. */
  readonly port: number;
  readonly leaseId: LeaseId;
}

export type AdoptOutcome =
  /** Also when it was this preview's already. */
  | { readonly kind: "adopted"; readonly snapshot: Snapshot }
  | {
      readonly kind: "refused";
      /**
       * `gone`, `not-running`, `not-answering`: the sandbox; `has-another`: the preview; `let-go`: it was this preview's and
       * was given up; `others`: it is another preview's, or another deployment's; `busy`: somebody is at work on the
       * preview; `suspended`: its user may run nothing.
       */
      readonly why:
        | "gone"
        | "not-running"
        | "not-answering"
        | "has-another"
        | "let-go"
        | "others"
        | "busy"
        | "suspended";
      readonly snapshot: Snapshot;
    };

export async function adopt(runtime: Runtime, scope: Scope, request: AdoptRequest): Promise<AdoptOutcome> {
  const { sandboxId, port, leaseId } = request;
  const { snapshot } = await runtime.store.read(scope);
  const refused = (why: Extract<AdoptOutcome, { kind: "refused" }>["why"]): AdoptOutcome => ({
    kind: "refused",
    why,
    snapshot,
  });
  const named = sandboxOf(snapshot.record);
  if (named === sandboxId && snapshot.record.state === "running") return { kind: "adopted", snapshot };
  if (named && named !== sandboxId) return refused("has-another");
  const [standing] = (
    await runtime.audits.compare([{ sandboxId, scope, epoch: Number.MAX_SAFE_INTEGER }], look)
  ).standings;
  if (standing?.kind === "others") return refused("others");
  if (standing?.kind === "let-go" || standing?.kind === "orphan") return refused("let-go");

  if (!(await mayBeOf(runtime, scope, sandboxId))) return refused("others");
  const seen = await runtime.sandboxes.observe(sandboxId);
  if (seen.kind === "gone") return refused("gone");
  if (seen.kind === "paused") return refused("not-running");
  if (!(await answersNow(runtime, sandboxId, port))) return refused("not-answering");
  const claimed = await runtime.store.claim(scope, {
    kind: "adopt",
    leaseId,
    reason: "adopted",
    // Wanted running only once it is named: should this worker die before, nobody is to make another in its place.
    wanted: "resting",
    bootId: runtime.random.hex(6),
    epochFloor: await highestEpoch(runtime, scope),
  });
  if (claimed.kind !== "granted") return refused(whyNotGranted(claimed.kind));
  const { lease } = claimed;
  if (await nameRunning(runtime, lease, sandboxId, seen)) {
    return { kind: "adopted", snapshot: await commitTakenOver(runtime, lease, { sandboxId, port }, seen) };
  }
  // Somebody else's since it was looked at. There is no way back to a preview that was never opened.
  await commit(runtime, lease, {
    operation: `not-ours-${sandboxId}`,
    claim: "release",
    become: "expired",
    reason: "never-opened",
    wanted: "resting",
    check: "never",
  });
  return refused("others");
}

/** Labels are nobody's, as of one that a product made itself, or they name this very preview. */
async function mayBeOf(runtime: Runtime, scope: Scope, sandboxId: SandboxId): Promise<boolean> {
  const { app, env, previewId } = (await runtime.sandboxes.labelsOf(sandboxId)) ?? {};
  if (app === undefined && env === undefined && previewId === undefined) return true;
  const own = runtime.store.previewIdOf(scope);
  return app === runtime.appId && env === runtime.environment && previewId === own;
}

function whyNotGranted(kind: Exclude<ClaimReply["kind"], "granted">): "busy" | "suspended" | "has-another" {
  if (kind === "busy") return "busy";
  return kind === "refused" ? "suspended" : "has-another";
}

/** Nothing is marked: it is only asked how the sandbox stands. */
const look = { kind: "dry", passId: "adopt" } as const;

async function highestEpoch(runtime: Runtime, scope: Scope): Promise<number> {
  const { appId: app, environment: env } = runtime;
  const found = await runtime.sandboxes.find({ app, env, previewId: runtime.store.previewIdOf(scope) });
  return Math.max(0, ...found.map(({ epoch }) => epoch));
}
