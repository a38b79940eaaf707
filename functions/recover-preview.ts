/**
 * Owns what our own acting functions leave behind when they fail or are cancelled: an opening's claim is ended with an
 * honest state, anything else is looked at. It listens to those functions only, by their prefixed ids, and never to
 * itself, so it cannot feed on its own failures. Fails open: the sweep comes after it.
 */
import { z } from "zod";
import { previewCheckDue } from "@/inngest/events";
import { leaseIdSchema, parseScope, projectIdSchema, userIdSchema } from "@/lib/ids";
import { recover } from "@/lib/preview/operations/recover";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsSchema } from "./announce";
import { applySandboxEventId } from "./apply-sandbox-event";
import { extendOnActivityId } from "./extend-on-activity";
import { leaseOfOpening, openPreviewId } from "./open-preview";
import { pauseOnLeaveId } from "./pause-on-leave";
import { pauseWhenIdleId } from "./pause-when-idle";
import { reconcilePreviewId } from "./reconcile-preview";
import { renewRunId } from "./renew-run";
import { stepsOf } from "./step-outcome";
import { syncPreviewId } from "./sync-preview";

export const recoverPreviewId = "recover-preview";

/** A return cancels pause-on-leave by design, and a newer idle watch an older one, so only their failures matter. */
const watchedForFailure = [
  openPreviewId,
  extendOnActivityId,
  pauseWhenIdleId,
  pauseOnLeaveId,
  renewRunId,
  syncPreviewId,
  reconcilePreviewId,
  applySandboxEventId,
];
const watchedForCancel = [openPreviewId, renewRunId, syncPreviewId, reconcilePreviewId, applySandboxEventId];

/** Inngest's system events, as far as they are needed (inngest.md §2.4 and §3.8, 2026-11-22). */
const endedSchema = z.object({
  function_id: z.string(),
  run_id: z.string(),
  event: z.object({
    data: z.looseObject({
      projectId: projectIdSchema,
      userId: userIdSchema,
      leaseId: leaseIdSchema.optional(),
    }),
  }),
});

export const recoverPreview = (runtime: Runtime) => {
  const isOneOf = (ids: readonly string[]) =>
    ids.map((id) => `event.data.function_id == '${runtime.appId}-${id}'`).join(" || ");
  return runtime.inngest.createFunction(
    {
      id: recoverPreviewId,
      triggers: [
        { event: "inngest/function.failed", if: isOneOf(watchedForFailure) },
        { event: "inngest/function.cancelled", if: isOneOf(watchedForCancel) },
      ],
      retries: runtime.flow.retries,
    },
    async ({ event, step, attempt, maxAttempts }) => {
      const ended = endedSchema.safeParse(event.data);
      // An event that failed its schema has no preview to recover; Inngest shows it as failed.
      if (!ended.success) return { result: "no-preview" };
      const { function_id: functionId, run_id: runId, event: original } = ended.data;
      const scope = parseScope(original.data.projectId, original.data.userId);
      if (functionId !== `${runtime.appId}-${openPreviewId}`) {
        await step.sendEvent("look", previewCheckDue.create({ ...scope }));
        return { result: "look-asked" };
      }
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const markedSchema = z.object({ outcome: z.string(), news: newsSchema });
      const marked = await act("mark", markedSchema, async () => {
        const outcome = await recover(runtime, scope, leaseOfOpening(original.data, runId));
        const news =
          outcome.kind === "marked"
            ? ({ kind: "failed", reason: "run-failed" } as const)
            : ({ kind: "none" } as const);
        return { outcome: outcome.kind, news };
      });
      if (marked.kind !== "ok") return { result: marked.kind };
      const events = eventsOf(scope, marked.value.news);
      if (events.length > 0) await step.sendEvent("announce", events);
      return { result: marked.value.outcome };
    },
  );
};
