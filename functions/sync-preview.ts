/**
 * Owns bringing the product's newest files into a preview: at once where it runs, at its wake where it rests. Correct by
 * the claim; repeated and overlapping runs bring nothing twice. It must never wake a preview. Fails open: what could not
 * be brought stays asked for, and the next look or wake asks again; a project that does not come up on its new files is
 * a failed start with its reason.
 */
import { z } from "zod";
import { previewSyncRequested } from "@/inngest/events";
import { type LeaseId, parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import { awaitInstall, awaitServer } from "@/lib/preview/operations/boot";
import {
  applyNewest,
  beginSync,
  endSync,
  failSync,
  putOffSync,
  stopServer,
} from "@/lib/preview/operations/sync";
import type { Reason } from "@/lib/preview/reasons";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { eventsOf, newsOfFailure } from "./announce";
import { pollUntilDone } from "./poll";
import { type Act, type StepOutcome, stepsOf } from "./step-outcome";

export const syncPreviewId = "sync-preview";

const claimedSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["queued", "busy", "absent"]) }),
  z.object({ kind: z.literal("granted"), epoch: z.number(), beganAt: z.number() }),
]);

const appliedSchema = z.object({
  revision: z.string(),
  changed: z.number(),
  removed: z.number(),
  overwritten: z.number(),
  needs: z.enum(["nothing", "restart", "install-and-restart"]),
  port: z.number().optional(),
});

/** How often a preview that somebody else is at work on is asked for again; its waking would bring the files as well. */
const MOST_TRIES = 5;

export const syncPreview = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: syncPreviewId, triggers: [previewSyncRequested], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const scope = parseScope(event.data.projectId, event.data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const leaseId = parseLeaseId(`sync-${runId}`);
      for (let round = 0; round < MOST_TRIES; round += 1) {
        const claimed = await act(`claim-${round}`, claimedSchema, () => claim(runtime, scope, leaseId));
        if (claimed.kind !== "ok") return { result: claimed.kind };
        if (claimed.value.kind === "granted") {
          const { epoch, beganAt } = claimed.value;
          const synced = await bring(runtime, { scope, leaseId, epoch }, act, beganAt);
          return finish(step, scope, synced);
        }
        if (claimed.value.kind !== "busy") return { result: claimed.value.kind };
        await step.sleep(`until-free-${round}`, runtime.policy.quietAfterMs);
      }
      return { result: "busy" };
    },
  );

async function claim(
  runtime: Runtime,
  scope: Scope,
  leaseId: LeaseId,
): Promise<z.infer<typeof claimedSchema>> {
  const begun = await beginSync(runtime, scope, leaseId);
  return begun.kind === "granted"
    ? { kind: "granted", epoch: begun.lease.epoch, beganAt: begun.beganAt }
    : { kind: begun.kind };
}

type Brought =
  | { readonly kind: "synced"; readonly isAskedAgain: boolean; readonly needs: string }
  | { readonly kind: "superseded" }
  /** Nothing was brought; it stays asked for. */
  | { readonly kind: "put-off"; readonly reason: Reason }
  /** The project does not come up on its new files. */
  | { readonly kind: "failed"; readonly reason: Reason };

async function bring(runtime: Runtime, lease: Lease, act: Act, beganAt: number): Promise<Brought> {
  const applied = await act("apply", appliedSchema, () => applyNewest(runtime, lease));
  if (applied.kind === "superseded") return applied;
  if (applied.kind === "failed") {
    await act("put-off", z.null(), async () => {
      await putOffSync(runtime, lease);
      return null;
    });
    return { kind: "put-off", reason: applied.reason };
  }
  const { needs } = applied.value;
  const restarted = needs === "nothing" ? done : await restart(runtime, lease, act, needs);
  if (restarted.kind === "superseded") return restarted;
  if (restarted.kind === "failed" && !projectReasons.has(restarted.reason)) {
    await act("put-off-restart", z.null(), async () => {
      await putOffSync(runtime, lease);
      return null;
    });
    return { kind: "put-off", reason: restarted.reason };
  }
  if (restarted.kind === "failed") {
    await act("mark-failed", z.null(), async () => {
      await failSync(runtime, lease, restarted.reason);
      return null;
    });
    return restarted;
  }
  const ended = await act("commit-synced", z.object({ isAskedAgain: z.boolean() }), () =>
    endSync(runtime, lease, applied.value, beganAt),
  );
  if (ended.kind === "ok") return { kind: "synced", isAskedAgain: ended.value.isAskedAgain, needs };
  return ended.kind === "failed" ? { kind: "put-off", reason: ended.reason } : ended;
}

/** What the project itself does wrong; a service in trouble is waited for, and the files stay asked for. */
const projectReasons: ReadonlySet<Reason> = new Set([
  "install-failed",
  "install-timed-out",
  "server-exited",
  "port-never-opened",
]);

const done: StepOutcome<null> = { kind: "ok", value: null };

async function restart(
  runtime: Runtime,
  lease: Lease,
  act: Act,
  needs: "restart" | "install-and-restart",
): Promise<StepOutcome<null>> {
  const stopped = await act("stop-server", z.null(), async () => {
    await stopServer(runtime, lease, needs);
    return null;
  });
  if (stopped.kind !== "ok") return stopped;
  if (needs === "install-and-restart") {
    const installed = await pollUntilDone("poll-install", act, () => awaitInstall(runtime, lease));
    if (installed.kind !== "ok") return installed;
  }
  return pollUntilDone("poll-server", act, () => awaitServer(runtime, lease));
}

interface SendStep {
  sendEvent(id: string, events: unknown): Promise<unknown>;
}

async function finish(step: SendStep, scope: Scope, brought: Brought): Promise<Record<string, unknown>> {
  switch (brought.kind) {
    case "synced":
      if (brought.isAskedAgain) await step.sendEvent("again", previewSyncRequested.create({ ...scope }));
      return { result: "synced", needs: brought.needs };
    case "failed":
      await step.sendEvent("announce-failure", eventsOf(scope, newsOfFailure(brought.reason)));
      return { result: "failed", reason: brought.reason };
    case "put-off":
      return { result: "put-off", reason: brought.reason };
    case "superseded":
      return { result: "superseded" };
  }
}
