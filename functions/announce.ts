/**
 * Owns which events follow from which outcome. Pure: it builds events and sends none, so that functions send them in
 * durable steps and the route sends them at once. Cannot fail.
 */
import { z } from "zod";
import {
  lineWaiting,
  previewExpiring,
  previewFailed,
  previewPaused,
  previewReady,
  previewRenewalDue,
  previewRequested,
  previewSyncRequested,
  userActive,
} from "@/inngest/events";
import type { Scope } from "@/lib/ids";
import { renewAt } from "@/lib/preview/decide";
import type { OpenOutcome } from "@/lib/preview/operations/open";
import type { PauseOutcome } from "@/lib/preview/operations/pause";
import type { RenewOutcome } from "@/lib/preview/operations/renew";
import { type Reason, reasonSchema } from "@/lib/preview/reasons";
import { cameBackSchema, type Snapshot } from "@/lib/preview/record";
import type { Runtime } from "@/lib/runtime";

/** What is worth telling, as a step can answer it. */
export const newsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({
    kind: z.literal("ready"),
    url: z.string(),
    cameBack: cameBackSchema,
    tookMs: z.number(),
    /** Newer files were asked for while it rested. */
    isSyncAsked: z.boolean().optional(),
  }),
  z.object({ kind: z.literal("sync-due") }),
  /** It stands in the line for a place, and somebody has to look after the line. */
  z.object({ kind: z.literal("line-waiting") }),
  /** Opened while it ran, and without an extension its run ends before it has been without use for long enough. */
  z.object({ kind: z.literal("opened-near-end") }),
  /** Renewed while it is held: nobody may give a sign before the new run's end, which has to be moved all the same. */
  z.object({ kind: z.literal("renewed-held") }),
  /** The run, named by its start, has to be renewed from `renewAt` on. */
  z.object({
    kind: z.literal("near-cap"),
    previewId: z.string(),
    run: z.number(),
    renewAt: z.number(),
  }),
  z.object({ kind: z.literal("paused"), reason: reasonSchema }),
  z.object({ kind: z.literal("failed"), reason: reasonSchema }),
  /** A claim is held, and open-preview has to go on under it. */
  z.object({
    kind: z.literal("hand-over"),
    leaseId: z.string(),
    epoch: z.number(),
    requestedBy: z.enum(["person", "system"]),
  }),
]);

export type News = z.infer<typeof newsSchema>;

export function newsOfRunning(runtime: Runtime, { record }: Snapshot): News {
  if (record.state !== "running") return { kind: "none" };
  return {
    kind: "ready",
    url: runtime.previewUrl(record.sandboxId, record.port),
    cameBack: record.cameBack ?? "warm",
    tookMs: record.tookMs ?? 0,
    isSyncAsked: record.syncAskedAt !== undefined,
  };
}

/**
 * A warm preview is no news, since its watch runs already, unless its end is near: who opened it may give no further sign,
 * and the provider would pause it under them. Most are opened well before, and cost no run.
 */
export function newsOfOpening(
  runtime: Runtime,
  outcome: OpenOutcome,
  requestedBy: "person" | "system",
): News {
  if (outcome.kind === "starting") {
    const { leaseId, epoch } = outcome.lease;
    return { kind: "hand-over", leaseId, epoch, requestedBy };
  }
  if (outcome.kind === "waiting" && outcome.isUnattended) return { kind: "line-waiting" };
  if (outcome.kind !== "ready") return { kind: "none" };
  if (outcome.how !== "warm") return newsOfRunning(runtime, outcome.snapshot);
  return { kind: endsBeforeIdle(runtime, outcome.snapshot) ? "opened-near-end" : "none" };
}

/** Before it would go to rest by itself, or so shortly after that its renewal has to be asked for. */
function endsBeforeIdle({ policy }: Runtime, { record, now }: Snapshot): boolean {
  return record.state === "running" && record.endsAt < now + policy.idleAfterMs + policy.renewAtLatestMs;
}

/** A renewal that went well is told by the pane and the history: the address and the processes are the same. */
export function newsOfRenewing(runtime: Runtime, outcome: RenewOutcome): News {
  if (outcome.kind === "not-quiet") return newsOfNearEnd(runtime, outcome.snapshot);
  if (outcome.kind !== "renewed") return { kind: "none" };
  if (outcome.outcome.kind === "ready") {
    return { kind: outcome.outcome.snapshot.holds > 0 ? "renewed-held" : "none" };
  }
  return newsOfOpening(runtime, outcome.outcome, "system");
}

/** Somebody is in the middle of something: a quiet moment is waited for. */
function newsOfNearEnd(runtime: Runtime, { record }: Snapshot): News {
  const at = renewAt(record, runtime.policy);
  if (record.state !== "running" || at === undefined) return { kind: "none" };
  const previewId = runtime.store.previewIdOf(record);
  return { kind: "near-cap", previewId, run: record.runStartedAt, renewAt: at };
}

export function newsOfPausing(runtime: Runtime, outcome: PauseOutcome): News {
  if (outcome.kind === "reopened") return newsOfOpening(runtime, outcome.outcome, "system");
  if (outcome.kind !== "paused") return { kind: "none" };
  return { kind: "paused", reason: outcome.snapshot.record.reason };
}

export const newsOfFailure = (reason: Reason): News => ({ kind: "failed", reason });

/** The events that tell it; with `ready` goes the first sign of life, which starts the idle watch. */
export function eventsOf(scope: Scope, news: News) {
  const { projectId, userId } = scope;
  switch (news.kind) {
    case "none":
      return [];
    case "ready": {
      const { url, cameBack, tookMs, isSyncAsked } = news;
      return [
        previewReady.create({ projectId, userId, url, cameBack, tookMs }),
        userActive.create({ projectId, userId, by: "start" }),
        ...(isSyncAsked ? [previewSyncRequested.create({ projectId, userId })] : []),
      ];
    }
    case "sync-due":
      return [previewSyncRequested.create({ projectId, userId })];
    case "line-waiting":
      return [lineWaiting.create({})];
    case "opened-near-end":
      // The opening itself is in the record as a sign of life.
      return [userActive.create({ projectId, userId, by: "start" })];
    case "renewed-held":
      return [userActive.create({ projectId, userId, by: "hold" })];
    case "near-cap": {
      const { previewId, run, renewAt: at } = news;
      // Once for each run of a sandbox, whoever notices it first.
      return [
        previewRenewalDue.create(
          { projectId, userId, run, at },
          { id: `preview-renewal-${previewId}-${run}` },
        ),
      ];
    }
    case "paused":
      return [previewPaused.create({ projectId, userId, reason: news.reason })];
    case "failed":
      return [previewFailed.create({ projectId, userId, reason: news.reason })];
    case "hand-over": {
      const { leaseId, epoch, requestedBy } = news;
      const id = `preview-requested-${leaseId}-${epoch}`;
      return [previewRequested.create({ projectId, userId, leaseId, requestedBy }, { id })];
    }
  }
}

/** What ends when, and whether a sign of life moves it. */
export interface Warning {
  readonly deadline: number;
  readonly kind: "idle" | "run-end";
}

/** The event of one deadline; its id makes a repeated one no second warning. */
export function warningOf(runtime: Runtime, scope: Scope, { deadline, kind }: Warning) {
  const { projectId, userId } = scope;
  const id = `preview-expiring-${runtime.store.previewIdOf(scope)}-${kind}-${deadline}`;
  return previewExpiring.create({ projectId, userId, deadline, kind, canExtend: kind === "idle" }, { id });
}
