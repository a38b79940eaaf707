/**
 * Owns one look at one preview whose state is in doubt: record, wish and the provider's own answer are compared, and
 * made to agree. It must never act on a guess. Fails open: what a look could not settle is due again.
 */
import { z } from "zod";
import { previewCheckDue } from "@/inngest/events";
import { parseLeaseId, parseScope } from "@/lib/ids";
import { type ReconcileOutcome, reconcile } from "@/lib/preview/operations/reconcile";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, type News, newsOfOpening, newsOfPausing, newsOfRenewing, newsSchema } from "./announce";
import { stepsOf } from "./step-outcome";

export const reconcilePreviewId = "reconcile-preview";

const reconciledSchema = z.object({
  outcome: z.string(),
  action: z.string(),
  reason: z.string(),
  news: newsSchema,
});

export const reconcilePreview = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: reconcilePreviewId, triggers: [previewCheckDue], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const reconciled = await act("reconcile", reconciledSchema, async () => {
        const outcome = await reconcile(runtime, scope, parseLeaseId(`check-${runId}`));
        const { action } = outcome;
        return {
          outcome: outcome.kind,
          action: action.kind,
          reason: action.reason,
          news: newsOf(runtime, outcome),
        };
      });
      if (reconciled.kind === "superseded") {
        // What it woke too late may run although the record says that it rests.
        await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
      }
      if (reconciled.kind !== "ok") return reconciled;
      const { news, ...summary } = reconciled.value;
      const events = eventsOf(scope, news);
      if (events.length > 0) await step.sendEvent("announce", events);
      return summary;
    },
  );

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
      return outcome.action.kind === "record-paused"
        ? { kind: "paused", reason: outcome.action.reason }
        : { kind: "none" };
    case "retired":
      return outcome.outcome.kind === "returned"
        ? newsOfOpening(runtime, outcome.outcome.outcome, "system")
        : { kind: "none" };
    case "agreed":
    case "busy":
      return { kind: "none" };
  }
}
