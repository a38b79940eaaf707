/**
 * Owns turning signs of life into the provider's timeout: events are gathered for a few seconds and become one
 * `setTimeout`, read back and recorded. It must never wake what rests. Fails open: if no extension succeeds, the
 * provider pauses the sandbox at its own deadline with memory kept, and the next look brings it back.
 */
import { z } from "zod";
import { previewCheckDue, userActive } from "@/inngest/events";
import { parseScope } from "@/lib/ids";
import { extend } from "@/lib/preview/operations/extend";
import type { Runtime } from "@/lib/runtime";
import { eventsOf } from "./announce";
import { perPreview, seconds } from "./flow";
import { stepsOf } from "./step-outcome";
import { tellUsage } from "./tell-usage";

const extendedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("extended"), fromMs: z.number(), toMs: z.number() }),
  z.object({ kind: z.literal("not-needed"), endsAt: z.number() }),
  z.object({ kind: z.literal("near-cap"), run: z.number(), renewAt: z.number() }),
  z.object({ kind: z.literal("not-running") }),
  z.object({
    kind: z.literal("look-again"),
    found: z.enum(["gone", "paused", "past-cap", "run-over", "other-run"]),
  }),
]);

export const extendOnActivityId = "extend-on-activity";

export const extendOnActivity = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: extendOnActivityId,
      triggers: [userActive],
      retries: runtime.flow.retries,
      debounce: {
        key: perPreview,
        period: seconds(runtime.policy.extendGatherMs),
        timeout: seconds(runtime.policy.extendAtLatestMs),
      },
    },
    async ({ event, step, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const activityAt = event.data.by === undefined ? (event.ts ?? 0) : undefined;
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const extended = await act("extend", extendedSchema, async () => {
        const outcome = await extend(runtime, scope, activityAt);
        // In the same step: the event's id makes it one however often it is sent, and a step of its own costs as much as
        // an extension at each sign near the end.
        if (outcome.kind === "near-cap") {
          const previewId = runtime.store.previewIdOf(scope);
          await runtime.inngest.send(eventsOf(scope, { ...outcome, previewId }));
        }
        await tellUsage(runtime, scope);
        return outcome;
      });
      if (extended.kind !== "ok") return extended;
      if (extended.value.kind === "look-again") {
        await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
      }
      return extended;
    },
  );
