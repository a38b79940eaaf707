/**
 * Owns bringing one preview to rest because somebody asked: the line for its place, an operator, or its user's
 * suspension. What makes room re-checks use and holds atomically, so who came back meanwhile keeps it; an operator's word
 * holds whoever is there, and waits for work under way to end. It must never act on an old request. Fails open: who
 * waits in line asks again, and an operator sees what still runs.
 */
import { z } from "zod";
import { previewCheckDue, previewRestRequested } from "@/inngest/events";
import { parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import { type PauseRequest, pause } from "@/lib/preview/operations/pause";
import { runsOrWill } from "@/lib/preview/presence";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsOfPausing, newsSchema } from "./announce";
import { stepsOf } from "./step-outcome";

export const restOnRequestId = "rest-on-request";

/** About as long as a request is fresh; what is under way for longer an operator sees still running. */
const MOST_TRIES = 6;

type Because = z.infer<typeof previewRestRequested.schema>["because"];

const restedSchema = z.object({ outcome: z.string(), isUnderWay: z.boolean(), news: newsSchema });

export const restOnRequest = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: restOnRequestId, triggers: [previewRestRequested], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const { because } = event.data;
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      for (let round = 0; round < MOST_TRIES; round += 1) {
        const rested = await act(`rest-${round}`, restedSchema, () =>
          rest(runtime, scope, { because, askedAt: event.ts ?? 0, leaseId: `rest-${runId}-${round}` }),
        );
        if (rested.kind === "superseded") {
          // What it woke too late may run although the record says that it rests.
          await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
        }
        if (rested.kind !== "ok") return { result: rested.kind };
        const { outcome, isUnderWay, news } = rested.value;
        const events = eventsOf(scope, news);
        if (events.length > 0) await step.sendEvent("announce", events);
        if (!isUnderWay || because === "evicted") return { result: outcome };
        await step.sleep(`until-${round + 1}`, runtime.policy.leaseMs);
      }
      return { result: "busy" };
    },
  );

interface Asked {
  readonly because: Because;
  readonly askedAt: number;
  readonly leaseId: string;
}

async function rest(
  runtime: Runtime,
  scope: Scope,
  { because, askedAt, leaseId }: Asked,
): Promise<z.input<typeof restedSchema>> {
  const { policy, store } = runtime;
  const { snapshot } = await store.read(scope);
  if (Math.abs(snapshot.now - askedAt) > policy.requestFreshForMs) {
    return { outcome: "stale-request", isUnderWay: false, news: { kind: "none" } };
  }
  // The suspension was lifted before its word arrived: they are using it again.
  if (because === "suspended" && snapshot.suspendedBecause === undefined) {
    return { outcome: "not-suspended", isUnderWay: false, news: { kind: "none" } };
  }
  const request: PauseRequest = {
    leaseId: parseLeaseId(leaseId),
    reason: because,
    ...(because === "evicted" ? { idleForMs: policy.evictAfterMs } : { isForced: true }),
  };
  const outcome = await pause(runtime, scope, request);
  const isUnderWay =
    outcome.kind === "busy" || (outcome.kind === "not-running" && runsOrWill(snapshot.record));
  return { outcome: outcome.kind, isUnderWay, news: newsOfPausing(runtime, outcome) };
}
