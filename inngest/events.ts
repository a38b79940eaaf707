/**
 * Owns every event: its name and its schema. Events are sent only through `.create()` of these, so a sender's mistake
 * is a type error, and Inngest checks the same schema again when a function starts (a failing event is final there).
 * Schemas change additively only: events in flight and replays meet the newer ones. They carry ids, never contents.
 */
import { eventType } from "inngest";
import { z } from "zod";

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/** Whose preview: a product that shares one preview among its users passes the user `shared`. */
const scope = { projectId: id, userId: id };

/** Somebody wants to see a preview. Acts once, and only while it is fresh; a replay of an old one changes nothing. */
export const previewRequested = eventType("preview/requested", {
  schema: z.object({
    ...scope,
    /**
     * A failed preview starts again only at a person's request; a person when absent. `line`: a place is free for one that
     * waits, and nothing happens when it does not wait any more.
     */
    requestedBy: z.enum(["person", "system", "line"]).optional(),
    /** Set by our own route: the claim under which the work goes on. */
    leaseId: z.string().optional(),
  }),
});

/** Somebody is using a preview: a product's own signal, or gathered from the pane's beats. */
export const userActive = eventType("user/active", {
  schema: z.object({
    ...scope,
    /**
     * Set by our own start or opening, and by a hold that begins or ends: the watch over idleness begins anew, and it
     * is no sign that anybody gave.
     */
    by: z.enum(["start", "hold"]).optional(),
  }),
});

/** Somebody closed a preview; it rests after a grace, unless others are there or they return. */
export const userLeft = eventType("user/left", { schema: z.object(scope) });

/** The product has newer files: they are brought in at once where the preview runs, at its wake where it rests. */
export const previewSyncRequested = eventType("preview/sync.requested", { schema: z.object(scope) });

/** The preview answers at its address. */
export const previewReady = eventType("preview/ready", {
  schema: z.object({
    ...scope,
    url: z.string(),
    cameBack: z.string(),
    tookMs: z.number(),
  }),
});

/** The preview rests with its memory kept. */
export const previewPaused = eventType("preview/paused", {
  schema: z.object({ ...scope, reason: z.string() }),
});

/** The start or resume ended in a state that a person has to read; see the reason's copy. */
export const previewFailed = eventType("preview/failed", {
  schema: z.object({ ...scope, reason: z.string() }),
});

/**
 * The preview goes to rest, or its run ends, at `deadline` (Redis's milliseconds), once for each deadline. `idle` is moved
 * by any sign of life; `run-end` cannot be moved, and the run is renewed before it with memory and processes kept.
 */
export const previewExpiring = eventType("preview/expiring", {
  schema: z.object({
    ...scope,
    deadline: z.number(),
    kind: z.enum(["idle", "run-end"]),
    canExtend: z.boolean(),
  }),
});

/**
 * A user's sandboxes have run for this share of the time that they may in a day or a month (UTC), once for each of 80, 95
 * and 100 percent. At 100 nothing new is opened until `resetsAt`, and what is in use goes on until it goes to rest by itself.
 */
export const userUsageReached = eventType("user/usage.reached", {
  schema: z.object({
    userId: id,
    period: z.enum(["day", "month"]),
    percent: z.number(),
    usedMs: z.number(),
    limitMs: z.number(),
    resetsAt: z.number(),
  }),
});

/** Internal: this run comes near the plan's end, and has to be renewed before. */
export const previewRenewalDue = eventType("preview/renewal.due", {
  /** When the run began names it; `at` is when its renewal may begin. Redis's milliseconds. */
  schema: z.object({ ...scope, run: z.number(), at: z.number() }),
});

/** Internal: somebody waits for a place, and nobody looks after the line. */
export const lineWaiting = eventType("preview/line.waiting", {
  /** Who goes on as the same server of the line; a new one when absent. */
  schema: z.object({ server: id.optional() }),
});

/** Internal: brings a preview to rest. `evicted` only while nobody uses it; the other two whoever does. */
export const previewRestRequested = eventType("preview/rest.requested", {
  schema: z.object({ ...scope, because: z.enum(["evicted", "asked", "suspended"]) }),
});

/** Internal: the sweep found that this preview should be looked at. */
export const previewCheckDue = eventType("preview/check.due", { schema: z.object(scope) });

/** Internal: E2B says of a preview's sandbox what its record does not; `at` and `endsAt` are E2B's milliseconds. */
export const sandboxChanged = eventType("e2b/sandbox.changed", {
  schema: z.object({
    ...scope,
    sandboxId: z.string(),
    type: z.enum(["created", "resumed", "updated", "paused", "killed"]),
    at: z.number(),
    endsAt: z.number().optional(),
  }),
});

/** Asks for a sweep now instead of at the next tick of the cron; an operator's event (cron runs cannot be rerun). */
export const sweepRequested = eventType("preview/sweep.requested", { schema: z.object({}) });

/** Asks for an audit now instead of at the next tick of the cron; a dry run changes nothing and says what it would. */
export const auditRequested = eventType("preview/audit.requested", {
  schema: z.object({ isDryRun: z.boolean().optional() }),
});
