/**
 * Owns one look at a preview whose state is in doubt, for every function that looks: what the step answers, and what is
 * told and asked for afterwards. It must never decide anything itself: `reconcile` does. Fails open: what a look could
 * not settle is due again.
 */
import { z } from "zod";
import { previewCheckDue } from "@/inngest/events";
import { type LeaseId, parseLeaseId, type Scope } from "@/lib/ids";
import type { Action } from "@/lib/preview/action";
import { type ReconcileOutcome, reconcile } from "@/lib/preview/operations/reconcile";
import type { Runtime } from "@/lib/runtime";
import {
  eventsOf,
  type News,
  newsOfFailure,
  newsOfOpening,
  newsOfPausing,
  newsOfRenewing,
  newsSchema,
} from "./announce";
import type { StepOutcome } from "./step-outcome";

export const reconciledSchema = z.object({
  outcome: z.string(),
  action: z.string(),
  reason: z.string(),
  news: newsSchema,
});

export type Reconciled = z.infer<typeof reconciledSchema>;

/** The claim of a look, by the run that looks: a repeated step goes on with what it has begun. */
export const leaseOfLook = (runId: string): LeaseId => parseLeaseId(`check-${runId}`);

/** The work of one step. */
export async function lookAtPreview(runtime: Runtime, scope: Scope, runId: string): Promise<Reconciled> {
  const outcome = await reconcile(runtime, scope, leaseOfLook(runId));
  const { action } = outcome;
  return {
    outcome: outcome.kind,
    action: action.kind,
    reason: action.reason,
    news: newsOf(runtime, outcome),
  };
}

interface SendingStep {
  sendEvent(id: string, events: unknown): Promise<unknown>;
}

/** Sends what follows from the look; answers what the function's run shows of it. */
export async function tellOfLook(step: SendingStep, scope: Scope, reconciled: StepOutcome<Reconciled>) {
  if (reconciled.kind === "superseded") {
    // What it woke too late may run although the record says that it rests.
    await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
  }
  if (reconciled.kind !== "ok") return reconciled;
  const { news, ...summary } = reconciled.value;
  const events = eventsOf(scope, news);
  if (events.length > 0) await step.sendEvent("announce", events);
  return summary;
}

function newsOf(runtime: Runtime, outcome: ReconcileOutcome): News {
  if (outcome.action.kind === "sync") return { kind: "sync-due" };
  switch (outcome.kind) {
    case "opened":
      return newsOfOpening(runtime, outcome.outcome, "system");
    case "paused":
      return newsOfPausing(runtime, outcome.outcome);
    case "renewed":
      return newsOfRenewing(runtime, outcome.outcome);
    case "settled":
      return newsOfSettling(outcome.action);
    case "retired":
      return outcome.outcome.kind === "returned"
        ? newsOfOpening(runtime, outcome.outcome.outcome, "system")
        : { kind: "none" };
    case "agreed":
    case "busy":
      return { kind: "none" };
  }
}

function newsOfSettling({ kind, reason }: Action): News {
  if (kind === "give-up") return newsOfFailure(reason);
  return kind === "record-paused" ? { kind: "paused", reason } : { kind: "none" };
}
