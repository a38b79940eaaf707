/**
 * Owns the pause of a preview that nobody used: starts once, a debounce after the last sign of life, and re-reads the
 * record, which may know of later ones than the last event; it sleeps until shortly before that deadline, says that it
 * is near, sleeps until it and looks again. It must never trust the event for when somebody was active.
 * Fails open: what it misses the sweep pauses.
 */
import { userActive } from "@/inngest/events";
import { type LeaseId, parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import { pause } from "@/lib/preview/operations/pause";
import { restWhenIdle } from "@/lib/preview/presence";
import type { Runtime } from "@/lib/runtime";
import { newsOfPausing } from "./announce";
import { perPreview, seconds, sleepMs } from "./flow";
import { stepsOf } from "./step-outcome";
import { type Looked, over, watchDeadline } from "./watch-deadline";

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
      return watchDeadline(runtime, scope, { act, step, kind: "idle" }, (round) =>
        pauseIfIdle(runtime, scope, parseLeaseId(`idle-${runId}-${round}`)),
      );
    },
  );

async function pauseIfIdle(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<Looked> {
  const { snapshot } = await runtime.store.read(scope);
  const rest = restWhenIdle(snapshot, runtime.policy);
  if (rest.kind === "later") return waitFor(runtime, rest.at, snapshot.now);
  // A repeated step finds the pause that it has begun itself, and goes on with it.
  const isOwn = snapshot.record.leaseId === leaseId;
  if (rest.kind === "moving" && !isOwn) {
    return { kind: "later", inMs: sleepMs(rest.at, snapshot.now) };
  }
  if (rest.kind === "not-running" && !isOwn) return over("not-running");
  const outcome = await pause(runtime, scope, {
    leaseId,
    reason: "idle",
    idleForMs: runtime.policy.idleAfterMs,
  });
  if (outcome.kind === "active") {
    // A sign of life came between the read and the claim.
    const again = restWhenIdle(outcome.snapshot, runtime.policy);
    if (again.kind === "later") return waitFor(runtime, again.at, outcome.snapshot.now);
    return over("not-running");
  }
  return { kind: "over", result: outcome.kind, news: newsOfPausing(runtime, outcome) };
}

/** Until the warning is due, and from then on, warned, until the deadline itself. */
function waitFor(runtime: Runtime, deadline: number, now: number): Looked {
  const warnAt = deadline - runtime.policy.warnBeforeMs;
  if (now < warnAt) return { kind: "later", inMs: sleepMs(warnAt, now) };
  return { kind: "later", inMs: sleepMs(deadline, now), warnOf: deadline };
}
