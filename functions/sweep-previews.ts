/**
 * Owns the sweep: every few minutes it takes the previews whose time has come from the due index and asks for a look at
 * each; where somebody waits for a place and nobody looks after the line any more, it calls for one who does. It must never
 * scan and never act itself; with nothing due it is one step. Fails open: what it took comes up again, since take-due
 * pushes a time forward and never removes it.
 */
import { cron } from "inngest";
import { z } from "zod";
import { lineWaiting, previewCheckDue, sweepRequested } from "@/inngest/events";
import { projectIdSchema, userIdSchema } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { stepsOf } from "./step-outcome";

export const sweepPreviewsId = "sweep-previews";

const dueSchema = z.object({
  previews: z.array(z.object({ projectId: projectIdSchema, userId: userIdSchema })),
  isLineUnattended: z.boolean(),
});

export const sweepPreviews = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: sweepPreviewsId,
      triggers: [cron(runtime.flow.sweepCron), sweepRequested],
      retries: runtime.flow.retries,
    },
    async ({ step, attempt, maxAttempts }) => {
      const { store, policy } = runtime;
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const taken = await act("take-due", dueSchema, async () => {
        const due = await store.takeDue(policy.sweepBatch, policy.leaseMs);
        return { ...due, previews: [...due.previews] };
      });
      if (taken.kind !== "ok") return { result: taken.kind };
      const { previews, isLineUnattended } = taken.value;
      if (isLineUnattended) await step.sendEvent("call-for-line", lineWaiting.create({}));
      if (previews.length > 0) {
        await step.sendEvent(
          "ask-for-looks",
          previews.map(({ projectId, userId }) => previewCheckDue.create({ projectId, userId })),
        );
      }
      // After an outage more may be due than one pass takes; they must not wait for the next tick.
      if (previews.length === policy.sweepBatch) await step.sendEvent("sweep-on", sweepRequested.create({}));
      return { result: "swept", due: previews.length };
    },
  );
