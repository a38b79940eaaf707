/**
 * Owns the pause after everybody left: a durable grace, cancelled by a return, then a fresh look. It must never pause
 * while another viewer is there. The cancel is only a saving (a return within milliseconds of leaving can miss it):
 * presence is re-read, and re-checked atomically by the claim. Fails open: the idle pause and the sweep come later.
 */
import { z } from "zod";
import { previewRequested, userActive, userLeft } from "@/inngest/events";
import { parseLeaseId, parseScope } from "@/lib/ids";
import { pause } from "@/lib/preview/operations/pause";
import { isEmpty, runsOrWill } from "@/lib/preview/presence";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsOfPausing, newsSchema } from "./announce";
import { samePreview } from "./flow";
import { stepsOf } from "./step-outcome";

export const pauseOnLeaveId = "pause-on-leave";

export const pauseOnLeave = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: pauseOnLeaveId,
      triggers: [userLeft],
      retries: runtime.flow.retries,
      cancelOn: [
        { event: userActive, if: samePreview },
        { event: previewRequested, if: samePreview },
      ],
    },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const { store, policy } = runtime;
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);

      const left = await act("look", z.object({ isEmpty: z.boolean() }), async () => {
        const { snapshot } = await store.read(scope);
        return { isEmpty: runsOrWill(snapshot.record.state) && isEmpty(snapshot) };
      });
      if (left.kind !== "ok" || !left.value.isEmpty) return { result: "not-empty" };

      await step.sleep("grace", policy.graceAfterLeftMs);

      const pausedSchema = z.object({ outcome: z.string(), news: newsSchema });
      const paused = await act("pause-if-empty", pausedSchema, async () => {
        const outcome = await pause(runtime, scope, {
          leaseId: parseLeaseId(`left-${runId}`),
          reason: "left",
          mustBeEmpty: true,
          idleForMs: policy.graceAfterLeftMs,
        });
        return { outcome: outcome.kind, news: newsOfPausing(runtime, outcome) };
      });
      if (paused.kind !== "ok") return { result: paused.kind };
      const events = eventsOf(scope, paused.value.news);
      if (events.length > 0) await step.sendEvent("announce", events);
      return { result: paused.value.outcome };
    },
  );
