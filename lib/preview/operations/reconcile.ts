/**
 * Owns making record, wish and reality agree: read, ask the provider where that is needed, decide, act. The sweep, a
 * vanished worker's leftovers and any doubt end here. It must never act on a guess: absence is believed only from a
 * fresh answer of the provider. Fails closed: catalogue errors; the due index brings the preview back.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Action, Ended, GivenUp, Observed } from "../action";
import { decide } from "../decide";
import type { Policy } from "../policy";
import type { Reason } from "../reasons";
import { type Snapshot, sandboxOf } from "../record";
import { extend } from "./extend";
import { giveTimeBack } from "./give-time-back";
import { type OpenOutcome, open } from "./open";
import { type PauseOutcome, type PauseRequest, pause } from "./pause";
import { type RenewOutcome, renew } from "./renew";
import { type RetireOutcome, retire } from "./retire";
import { commit, commitExpired, commitPaused, fail, rest } from "./settle";

export type ReconcileOutcome =
  | { readonly kind: "agreed"; readonly action: Action }
  | { readonly kind: "settled"; readonly action: Action }
  | { readonly kind: "busy"; readonly action: Action }
  | { readonly kind: "paused"; readonly action: Action; readonly outcome: PauseOutcome }
  | { readonly kind: "renewed"; readonly action: Action; readonly outcome: RenewOutcome }
  | { readonly kind: "retired"; readonly action: Action; readonly outcome: RetireOutcome }
  | { readonly kind: "opened"; readonly action: Action; readonly outcome: OpenOutcome };

export async function reconcile(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<ReconcileOutcome> {
  const outcome = await look(runtime, scope, leaseId);
  // A run that was only just learned of may be near its end.
  const isNewsOfRun = outcome.kind === "settled" && outcome.action.kind === "record-run";
  return isNewsOfRun ? look(runtime, scope, leaseId) : outcome;
}

async function look(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<ReconcileOutcome> {
  const { store, sandboxes, policy } = runtime;
  const { snapshot } = await store.read(scope);
  const seen = withoutClaimOf(leaseId, snapshot);
  let action = decide(seen, { kind: "unknown" }, policy);
  if (action.kind === "observe") {
    const sandboxId = sandboxOf(snapshot.record);
    const observed: Observed = sandboxId ? await sandboxes.observe(sandboxId) : { kind: "gone" };
    action = decide(seen, observed, policy);
    if (action.kind === "record-run" && sandboxId) {
      const extended = await giveTimeBack(runtime, sandboxId, seen, action);
      if (extended) action = decide(seen, extended, policy);
    }
  }
  runtime.log.info(
    {
      previewId: store.previewIdOf(scope),
      state: snapshot.record.state,
      action: action.kind,
      reason: action.reason,
    },
    "reconciled",
  );
  return act(runtime, { scope, leaseId, ifEpoch: snapshot.record.epoch }, action);
}

/** A look that is repeated goes on with what it has begun itself, instead of waiting for its own claim to lapse. */
function withoutClaimOf(leaseId: LeaseId, snapshot: Snapshot): Snapshot {
  const { record } = snapshot;
  return record.leaseId === leaseId ? { ...snapshot, record: { ...record, leaseUntil: 0 } } : snapshot;
}

/** One look: what was decided holds only as long as nobody has claimed since the record was read. */
interface Look {
  readonly scope: Scope;
  readonly leaseId: LeaseId;
  readonly ifEpoch: number;
}

async function act(runtime: Runtime, look: Look, action: Action): Promise<ReconcileOutcome> {
  const { scope, leaseId, ifEpoch } = look;
  const { reason } = action;
  switch (action.kind) {
    case "wait":
    case "observe":
    case "sync":
      return { kind: "agreed", action };
    case "none":
      // take-due has pushed the next look forward already; only what needs no look any more is written.
      return action.nextCheckAt === undefined ? settle(runtime, look, action) : { kind: "agreed", action };
    case "open": {
      const outcome = await open(runtime, scope, { leaseId, isByPerson: false, isDoubted: true, reason });
      const standing = action.unlessLet && standingOf(action.unlessLet, outcome);
      return standing ? settle(runtime, look, standing, "as-it-is") : { kind: "opened", action, outcome };
    }
    case "pause":
      return {
        kind: "paused",
        action,
        outcome: await pause(runtime, scope, { leaseId, reason, ifEpoch, ...unless(reason, runtime.policy) }),
      };
    case "extend":
      await extend(runtime, scope, undefined);
      return { kind: "agreed", action };
    case "retire":
      return {
        kind: "retired",
        action,
        outcome: await retire(runtime, scope, { leaseId, ifEpoch, isTouched: action.isTouched }),
      };
    case "renew":
      return {
        kind: "renewed",
        action,
        outcome: await renew(runtime, scope, { leaseId, ifEpoch, isAtRest: action.isAtRest ?? false }),
      };
    case "record-paused":
    case "expire":
    case "rest":
    case "record-run":
    case "give-up":
      return settle(runtime, look, action);
  }
}

/** What is to be written, where the way to running was not let go on; what waits for a place is not given up. */
function standingOf(unlessLet: Ended | GivenUp, { kind }: OpenOutcome): Ended | GivenUp | undefined {
  if (kind === "refused" || kind === "not-waiting") return unlessLet;
  return kind === "waiting" && unlessLet.kind !== "give-up" ? unlessLet : undefined;
}

/** What must still hold when the claim is taken, since time passes between the decision and it. */
function unless(
  reason: Reason,
  policy: Policy,
): Pick<PauseRequest, "idleForMs" | "mustBeEmpty" | "isForced"> {
  if (reason === "suspended") return { isForced: true };
  if (reason === "idle") return { idleForMs: policy.idleAfterMs };
  return reason === "left" ? { mustBeEmpty: true, idleForMs: policy.graceAfterLeftMs } : {};
}

type Settling = Extract<
  Action,
  { kind: "none" | "record-paused" | "record-run" | "expire" | "rest" | "give-up" }
>;

/**
 * Changes what the record says, under a claim like any other change, and goes on where somebody wants it by then: who came
 * meanwhile was told that whoever holds the claim does. `as-it-is`: the wish was written just before, and is not to be lost.
 */
async function settle(
  runtime: Runtime,
  { scope, leaseId, ifEpoch }: Look,
  action: Settling,
  wish: "resting" | "as-it-is" = action.kind === "record-run" ? "as-it-is" : "resting",
): Promise<ReconcileOutcome> {
  const wanted = wish === "resting" ? ({ wanted: wish } as const) : {};
  const claimed = await runtime.store.claim(scope, { kind: "settle", leaseId, ifEpoch, ...wanted });
  if (claimed.kind === "not-applicable") return { kind: "agreed", action };
  if (claimed.kind !== "granted") return { kind: "busy", action };
  // Given up for a suspension that was lifted since the look: then it is let go on.
  const isLetAgain = action.kind === "give-up" && wish === "resting" && !claimed.snapshot.suspendedBecause;
  if (isLetAgain)
    return { kind: "opened", action, outcome: await open(runtime, scope, { leaseId, isByPerson: false }) };
  const settled = await commitSettled(runtime, claimed.lease, claimed.snapshot, action);
  if (settled.record.wanted === "resting" || action.kind === "record-run") return { kind: "settled", action };
  // What has failed begins again only at a person's word, and nobody else's can have come since.
  const isByPerson = settled.record.state === "failed";
  return { kind: "opened", action, outcome: await open(runtime, scope, { leaseId, isByPerson }) };
}

function commitSettled(
  runtime: Runtime,
  lease: Lease,
  snapshot: Snapshot,
  action: Settling,
): Promise<Snapshot> {
  switch (action.kind) {
    case "none":
      return commit(runtime, lease, { operation: "agreed", claim: "release", check: "never" });
    case "record-run":
      return commit(runtime, lease, {
        operation: "run",
        claim: "release",
        set: { runStartedAt: action.startedAt, endsAt: action.endsAt },
        // Where another run was found to end says nothing of this one.
        remove: isSameRun(snapshot, action.startedAt) ? [] : ["runCapAt"],
        check: "when-running",
      });
    case "record-paused":
      return commitPaused(runtime, lease, { reason: action.reason, pausedAt: action.pausedAt });
    case "expire":
      return commitExpired(runtime, lease, action.reason);
    case "rest":
      return rest(runtime, lease, snapshot);
    case "give-up":
      return fail(runtime, lease, action.reason);
  }
}

const isSameRun = ({ record }: Snapshot, startedAt: number): boolean =>
  "runStartedAt" in record && record.runStartedAt === startedAt;
