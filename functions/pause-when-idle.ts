/**
 * Owns the pause of a preview that nobody used: starts once, a debounce after the last sign of life, and re-reads the
 * record, which may know of later ones than the last event; then it sleeps until that deadline and looks again. It must
 * never trust the event for when somebody was active. Fails open: what it misses the sweep pauses.
 */
import { z } from "zod";
import { userActive } from "@/inngest/events";
import { type LeaseId, parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import { pause } from "@/lib/preview/operations/pause";
import { restWhenIdle } from "@/lib/preview/presence";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsOfPausing, newsSchema } from "./announce";
import { perPreview, seconds } from "./flow";
import { stepsOf } from "./step-outcome";

const lookedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("later"), at: z.number() }),
  z.object({ kind: z.literal("not-running") }),
  z.object({ kind: z.literal("settled"), outcome: z.string(), news: newsSchema }),
]);

export const pauseWhenIdleId = "pause-when-idle";

export const pauseWhenIdle = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: pauseWhenIdleId,
      triggers: [userActive],
      retries: runtime.flow.retries,
      // No timeout: a preview in use must not be looked at. No rate limit and no singleton that skips: both would
      // drop the last event, which is the one that counts.
      debounce: {
        key: perPreview,
        period: seconds(runtime.policy.idleAfterMs - runtime.policy.warnBeforeMs),
      },
      // A run that sleeps until a later deadline ends when a newer one begins to watch; otherwise they would pile up.
      singleton: { key: perPreview, mode: "cancel" },
    },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      for (let round = 0; ; round += 1) {
        const looked = await act(`look-${round}`, lookedSchema, () =>
          pauseIfIdle(runtime, scope, parseLeaseId(`idle-${runId}-${round}`)),
        );
        if (looked.kind !== "ok") return { result: looked.kind };
        if (looked.value.kind === "not-running") return { result: "not-running" };
        if (looked.value.kind === "settled") {
          const events = eventsOf(scope, looked.value.news);
          if (events.length > 0) await step.sendEvent("announce", events);
          return { result: looked.value.outcome };
        }
        await step.sleepUntil(`until-idle-${round}`, new Date(looked.value.at));
      }
    },
  );

async function pauseIfIdle(
  runtime: Runtime,
  scope: Scope,
  leaseId: LeaseId,
): Promise<z.infer<typeof lookedSchema>> {
  const { snapshot } = await runtime.store.read(scope);
  const rest = restWhenIdle(snapshot, runtime.policy);
  if (rest.kind === "later") return { kind: "later", at: atLocalTime(runtime, rest.at, snapshot.now) };
  // A repeated step finds the pause that it has begun itself, and goes on with it.
  if (rest.kind === "not-running" && snapshot.record.leaseId !== leaseId) return rest;
  const outcome = await pause(runtime, scope, {
    leaseId,
    reason: "idle",
    idleForMs: runtime.policy.idleAfterMs,
  });
  if (outcome.kind === "active") {
    // A sign of life came between the read and the claim.
    const again = restWhenIdle(outcome.snapshot, runtime.policy);
    return again.kind === "later"
      ? { kind: "later", at: atLocalTime(runtime, again.at, outcome.snapshot.now) }
      : { kind: "not-running" };
  }
  return { kind: "settled", outcome: outcome.kind, news: newsOfPausing(runtime, outcome) };
}

/** A time of Redis's clock as one of Inngest's, which this process stands in for; never sooner than it should be. */
function atLocalTime(runtime: Runtime, at: number, redisNow: number): number {
  return runtime.clock.now() + Math.max(0, at - redisNow);
}
