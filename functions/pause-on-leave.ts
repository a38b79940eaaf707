/**
 * Owns the pause after everybody left: a durable grace, cancelled by a return, then a fresh look. It must never pause
 * while another viewer is there. The cancel is only a saving (a return within milliseconds of leaving can miss it):
 * presence is re-read, and re-checked atomically by the claim. Fails open: the idle pause and the sweep come later.
 */
import { z } from "zod";
import { previewCheckDue, previewRequested, userActive, userLeft } from "@/inngest/events";
import { parseLeaseId, parseScope } from "@/lib/ids";
import { pause } from "@/lib/preview/operations/pause";
import type { Policy } from "@/lib/preview/policy";
import { isEmpty, runsOrWill } from "@/lib/preview/presence";
import type { Snapshot } from "@/lib/preview/record";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsOfPausing, newsSchema } from "./announce";
import { samePreview } from "./flow";
import { stepsOf } from "./step-outcome";

export const pauseOnLeaveId = "pause-on-leave";

const pausedSchema = z.object({ outcome: z.string(), news: newsSchema });
const lookedSchema = z.enum(["empty", "not-empty", "not-running", "returned", "stale"]);

/**
 * Whether the parting still means anything. Its time is the sender's and activity's is Redis's: a sender whose clock is
 * behind is taken for somebody who returned, and then the idle pause comes instead.
 */
function lookAfterLeft(snapshot: Snapshot, leftAt: number, policy: Policy): z.infer<typeof lookedSchema> {
  const { record, now } = snapshot;
  if (Math.abs(now - leftAt) > policy.requestFreshForMs) return "stale";
  if ((record.lastActiveAt ?? 0) > leftAt) return "returned";
  if (!runsOrWill(record)) return "not-running";
  return isEmpty(snapshot) ? "empty" : "not-empty";
}

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

      const left = await act("look", lookedSchema, async () => {
        const { snapshot } = await store.read(scope);
        return lookAfterLeft(snapshot, event.ts ?? 0, policy);
      });
      if (left.kind !== "ok") return { result: left.kind };
      if (left.value !== "empty") return { result: left.value };

      await step.sleep("grace", policy.graceAfterLeftMs);

      const paused = await act("pause-if-empty", pausedSchema, async () => {
        const outcome = await pause(runtime, scope, {
          leaseId: parseLeaseId(`left-${runId}`),
          reason: "left",
          mustBeEmpty: true,
          idleForMs: policy.graceAfterLeftMs,
        });
        return { outcome: outcome.kind, news: newsOfPausing(runtime, outcome) };
      });
      if (paused.kind === "superseded") {
        // What it woke too late may run although the record says that it rests.
        await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
      }
      if (paused.kind !== "ok") return { result: paused.kind };
      const events = eventsOf(scope, paused.value.news);
      if (events.length > 0) await step.sendEvent("announce", events);
      return { result: paused.value.outcome };
    },
  );
