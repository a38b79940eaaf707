/**
 * Owns renewing a run before the plan ends it: sleeps until the end is near, waits for a quiet moment, says when none
 * comes, and renews at the latest possible one. One run of it for each run of a sandbox, by the event's id. It must never
 * trust the event for how the run stands. Fails open: what it misses the sweep renews, and the provider itself pauses
 * with memory kept.
 */
import { previewRenewalDue } from "@/inngest/events";
import { type LeaseId, parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import { renewalDue, runEndsAt } from "@/lib/preview/decide";
import { renew } from "@/lib/preview/operations/renew";
import type { Snapshot } from "@/lib/preview/record";
import type { Runtime } from "@/lib/runtime";
import { newsOfRenewing } from "./announce";
import { sleepMs } from "./flow";
import { stepsOf } from "./step-outcome";
import { type Looked, over, watchDeadline } from "./watch-deadline";

export const renewRunId = "renew-run";

export const renewRun = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: renewRunId, triggers: [previewRenewalDue], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      await step.sleepUntil("until-near", new Date(event.data.at));
      return watchDeadline(runtime, scope, { act, step, kind: "run-end" }, (round) =>
        renewIfDue(runtime, scope, { run: event.data.run, leaseId: parseLeaseId(`renew-${runId}-${round}`) }),
      );
    },
  );

async function renewIfDue(
  runtime: Runtime,
  scope: Scope,
  { run, leaseId }: { readonly run: number; readonly leaseId: LeaseId },
): Promise<Looked> {
  const { policy } = runtime;
  const { snapshot } = await runtime.store.read(scope);
  const { record, now } = snapshot;
  // A repeated step finds the renewal that it has begun itself; anything else that moves is another's work.
  const isOwn = record.leaseId === leaseId;
  const isThisRun = "runStartedAt" in record && record.runStartedAt === run;
  if (!isThisRun && !isOwn) return over("other-run");
  const due = renewalDue(snapshot, policy);
  if (due.kind === "later") return { kind: "later", inMs: sleepMs(due.at, now) };
  if (due.kind === "not-running" && !isOwn) return over("not-running");

  const outcome = await renew(runtime, scope, { leaseId });
  switch (outcome.kind) {
    case "renewed":
      return { kind: "over", result: "renewed", news: newsOfRenewing(runtime, outcome) };
    case "not-due":
      return over("not-due");
    case "busy":
    case "not-quiet":
      return waitOn(runtime, outcome.snapshot);
  }
}

/** Not for every beat: one look where the warning is due, and one when there is no more time to wait. */
function waitOn(runtime: Runtime, snapshot: Snapshot): Looked {
  const { policy } = runtime;
  const { record, now } = snapshot;
  const endsAt = runEndsAt(record, policy);
  if (endsAt === undefined) return over("not-running");
  const warnAt = endsAt - policy.warnEndBeforeMs;
  const latestAt = endsAt - policy.renewAtLatestMs;
  const next = [warnAt, latestAt].find((at) => at > now);
  // Past the last moment somebody else's work is waited for in short steps; the provider's pause ends the wait.
  const at = next ?? now + policy.quietAfterMs;
  return {
    kind: "later",
    inMs: sleepMs(at, now),
    ...(now >= warnAt ? { warnOf: endsAt } : {}),
  };
}
