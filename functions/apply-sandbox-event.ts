/**
 * Owns what follows from an event of E2B's that the record did not know: the record is read again, and if it still says
 * otherwise, the preview is looked at like one that is due. It must never believe the event: a replay from the dashboard,
 * months later, finds a record that knows better, or a provider that says so, and changes nothing. Fails open: what it
 * cannot settle is left to the next sign of life and the sweep.
 */
import { z } from "zod";
import { sandboxChanged } from "@/inngest/events";
import { parseScope, type Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { whatItTells } from "@/lib/webhooks/echo";
import type { SandboxChange } from "@/lib/webhooks/sandbox-event";
import { seconds } from "./flow";
import { leaseOfLook, lookAtPreview, reconciledSchema, tellOfLook } from "./look-at-preview";
import { stepsOf } from "./step-outcome";

const appliedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["echo", "not-ours-to-judge"]) }),
  /** Somebody is at work on it and may not have seen what the event tells. */
  z.object({ kind: z.literal("busy") }),
  z.object({ kind: z.literal("looked"), look: reconciledSchema }),
]);

/** Enough to outlast a lease that nobody renews any more. */
const MOST_LOOKS = 5;

export const applySandboxEventId = "apply-sandbox-event";

export const applySandboxEvent = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: applySandboxEventId, triggers: [sandboxChanged], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const { projectId, userId, ...change } = event.data;
      const scope = parseScope(projectId, userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      for (let look = 0; look < MOST_LOOKS; look += 1) {
        const applied = await act(`apply-${look}`, appliedSchema, () => apply(runtime, scope, change, runId));
        if (applied.kind !== "ok") return tellOfLook(step, scope, applied);
        if (applied.value.kind === "looked") {
          return tellOfLook(step, scope, { kind: "ok", value: applied.value.look });
        }
        if (applied.value.kind !== "busy") return { result: applied.value.kind };
        await step.sleep(`until-free-${look}`, seconds(runtime.policy.healAfterMs));
      }
      // Whoever has held it for so long asks the provider at each of its steps.
      return { result: "busy" };
    },
  );

async function apply(
  runtime: Runtime,
  scope: Scope,
  change: SandboxChange,
  runId: string,
): Promise<z.infer<typeof appliedSchema>> {
  const { snapshot } = await runtime.store.read(scope);
  // A repeated step goes on with what it has begun itself, whatever the record says by then.
  const isBegun = snapshot.record.leaseId === leaseOfLook(runId);
  const told = whatItTells(change, snapshot, runtime.policy);
  if (!isBegun && told.kind !== "news") return { kind: told.kind };
  const look = await lookAtPreview(runtime, scope, runId);
  return look.outcome === "busy" || look.action === "wait" ? { kind: "busy" } : { kind: "looked", look };
}
