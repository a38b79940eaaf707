/**
 * Owns the sweep: every few minutes it takes the previews whose time has come from the due index and asks for a look at
 * each. It must never scan and never act itself; with nothing due it is one step. Fails open: what it took comes up
 * again, since take-due pushes a time forward and never removes it.
 */
import { cron } from "inngest";
import { z } from "zod";
import { previewCheckDue, sweepRequested } from "@/inngest/events";
import { projectIdSchema, userIdSchema } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { stepsOf } from "./step-outcome";

export const sweepPreviewsId = "sweep-previews";

const dueSchema = z.array(z.object({ projectId: projectIdSchema, userId: userIdSchema }));

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
      const taken = await act("take-due", dueSchema, async () => [
        ...(await store.takeDue(policy.sweepBatch, policy.leaseMs)),
      ]);
      if (taken.kind !== "ok") return { result: taken.kind };
      if (taken.value.length > 0) {
        await step.sendEvent(
          "ask-for-looks",
          taken.value.map(({ projectId, userId }) => previewCheckDue.create({ projectId, userId })),
        );
      }
      // After an outage more may be due than one pass takes; they must not wait for the next tick.
      if (taken.value.length === policy.sweepBatch)
        await step.sendEvent("sweep-on", sweepRequested.create({}));
      return { result: "swept", due: taken.value.length };
    },
  );
