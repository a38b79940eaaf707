/**
 * Owns opening a preview durably: claim, and if it must boot, the boot as polled steps; then "ready" and the first sign
 * of life. Correct by the claim, not by Inngest: runs may overlap, repeat and be replayed. It must never begin a boot
 * for an old or answered request, nor go on after another worker took over. Fails closed: every ending leaves a state
 * with a reason and nothing running that nobody wants. Step ids are stable: runs in flight meet newer code.
 */
import { NonRetriableError } from "inngest";
import { z } from "zod";
import { previewCheckDue, previewRequested } from "@/inngest/events";
import { InvalidRequestError, LeaseLostError } from "@/lib/errors";
import { type LeaseId, parseLeaseId, parseScope, projectIdSchema, type Scope, userIdSchema } from "@/lib/ids";
import { openMakingRoom } from "@/lib/preview/operations/make-room";
import { fail, giveUpTidying } from "@/lib/preview/operations/settle";
import type { Reason } from "@/lib/preview/reasons";
import type { Snapshot } from "@/lib/preview/record";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { eventsOf, newsOfFailure, newsOfOpening, newsOfPausing, newsSchema } from "./announce";
import { bootWhateverIsTaken } from "./boot-steps";
import { type Act, stepsOf } from "./step-outcome";

export const openPreviewId = "open-preview";

/**
 * The lease of a run: the one that was handed over, or the run's own. recover-preview derives the same.
 * @throws NonRetriableError for one that nobody can hold, so that the run fails at once, as for any malformed event.
 */
export function leaseOfOpening(data: { readonly leaseId?: string | undefined }, runId: string): LeaseId {
  try {
    return parseLeaseId(data.leaseId ?? `open-${runId}`);
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    throw new NonRetriableError(error.message, { cause: error });
  }
}

export const openPreview = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: openPreviewId,
      triggers: [previewRequested],
      retries: runtime.flow.retries,
      // Delays starts and drops none: whoever has to create comes through here, and nobody comes faster than the plan's
      // rate (inngest.md §2.7, 2026-11-22).
      throttle: { limit: runtime.flow.createsPerSecond, period: "1s" },
    },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const { data } = event;
      const scope = parseScope(data.projectId, data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const request = requestOf(event, runId);

      const claimed = await act("claim", claimedSchema, () => claim(runtime, scope, request));
      if (claimed.kind === "superseded") return { result: "superseded" };
      if (claimed.kind === "failed") {
        // A claim that was handed over may still be held: recover-preview ends it as soon as the store answers again.
        throw new NonRetriableError(`The claim could not be taken (${claimed.reason}).`);
      }
      const { rested } = claimed.value;
      if (rested) await step.sendEvent("announce-rest", eventsOf(rested.scope, rested.news));
      if (claimed.value.kind === "answered") {
        const events = eventsOf(scope, claimed.value.news);
        if (events.length > 0) await step.sendEvent("announce", events);
        return { result: claimed.value.result };
      }
      const lease: Lease = { scope, leaseId: request.leaseId, epoch: claimed.value.epoch };
      return bootAndTell(runtime, lease, request.requestId, act, step);
    },
  );

interface SendStep {
  sendEvent(id: string, events: unknown): Promise<unknown>;
}

async function bootAndTell(
  runtime: Runtime,
  lease: Lease,
  requestId: string,
  act: Act,
  step: SendStep,
): Promise<{ result: string; reason?: Reason }> {
  const { scope } = lease;
  const booted = await bootWhateverIsTaken(runtime, lease, requestId, act);
  switch (booted.kind) {
    case "superseded":
      // What this run woke too late may run although the record says that it rests: somebody has to look.
      await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
      return { result: "superseded" };
    case "ok":
      await step.sendEvent("announce", eventsOf(scope, booted.value));
      return { result: booted.value.kind === "line-waiting" ? "waiting" : "ready" };
    case "failed": {
      const { reason } = booted;
      const tidied = await tidyUp(runtime, lease, { reason, requestId }, act);
      if (tidied.kind === "superseded") return { result: "superseded" };
      await step.sendEvent("announce-failure", eventsOfFailing(scope, reason, tidied.isAskedAgain));
      return { result: "failed", reason };
    }
  }
}

interface Request {
  readonly leaseId: LeaseId;
  readonly requestId: string;
  readonly requestedAt: number;
  readonly requestedBy: "person" | "system" | "line";
  readonly isHandedOver: boolean;
}

function requestOf(
  event: { id?: string | undefined; ts?: number | undefined; data: z.infer<typeof previewRequested.schema> },
  runId: string,
): Request {
  const { data } = event;
  return {
    leaseId: leaseOfOpening(data, runId),
    requestId: String(event.id),
    requestedAt: event.ts ?? 0,
    requestedBy: data.requestedBy ?? "person",
    isHandedOver: data.leaseId !== undefined,
  };
}

/** Another preview of the same user, which went to rest to make room for this one. */
const restedSchema = z
  .object({ scope: z.object({ projectId: projectIdSchema, userId: userIdSchema }), news: newsSchema })
  .optional();

const claimedSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("answered"),
    result: z.enum([
      "stale-request",
      "busy",
      "needs-person",
      "completed",
      "ready",
      "waiting",
      "refused",
      "not-waiting",
    ]),
    news: newsSchema,
    rested: restedSchema,
  }),
  z.object({ kind: z.literal("to-boot"), epoch: z.number(), rested: restedSchema }),
]);

async function claim(
  runtime: Runtime,
  scope: Scope,
  request: Request,
): Promise<z.infer<typeof claimedSchema>> {
  const { snapshot } = await runtime.store.read(scope);
  const isStale = Math.abs(snapshot.now - request.requestedAt) > runtime.policy.requestFreshForMs;
  // A claim that was handed over is good only while it is held: whoever took it over goes on with the work. If it has
  // ended with this preview running, this very request did it, and the step's first answer was lost.
  const { leaseId: holder, readyBy } = snapshot.record;
  const isTakenOver = request.isHandedOver && ![holder, readyBy].includes(request.leaseId);
  if (isStale || isTakenOver) return { kind: "answered", result: "stale-request", news: { kind: "none" } };

  const { leaseId, requestId, requestedBy } = request;
  const isByPerson = requestedBy === "person";
  const isAdmitted = requestedBy === "line";
  const opened = await openMakingRoom(runtime, scope, { leaseId, requestId, isByPerson, isAdmitted });
  const { outcome } = opened;
  const rested = opened.rested && {
    scope: opened.rested.scope,
    news: newsOfPausing(runtime, opened.rested.outcome),
  };
  if (outcome.kind === "starting") return { kind: "to-boot", epoch: outcome.lease.epoch, rested };
  const news = newsOfOpening(runtime, outcome, isByPerson ? "person" : "system");
  return { kind: "answered", result: outcome.kind, news, rested };
}

type Tidied =
  | { readonly kind: "tidied"; readonly isAskedAgain: boolean }
  /** Another worker has taken over and goes on with it: there is no failure to tell. */
  | { readonly kind: "superseded" };

/** Marks how it ended and brings the sandbox to rest; also whether a person asked for it again meanwhile. */
async function tidyUp(
  runtime: Runtime,
  lease: Lease,
  ending: { readonly reason: Reason; readonly requestId: string },
  act: Act,
): Promise<Tidied> {
  const tidied = await act("mark-failed", z.object({ isAskedAgain: z.boolean() }), async () => {
    const { record } = await failOnce(runtime, lease, ending);
    return { isAskedAgain: record.wanted === "running" };
  });
  if (tidied.kind === "ok") return { kind: "tidied", isAskedAgain: tidied.value.isAskedAgain };
  if (tidied.kind === "superseded") return tidied;
  await act("give-up-tidying", z.null(), async () => {
    await giveUpTidying(runtime, lease);
    return null;
  });
  return { kind: "tidied", isAskedAgain: false };
}

/** A repeated step whose first answer was lost finds its claim ended, and the failure as it wrote it. */
async function failOnce(
  runtime: Runtime,
  lease: Lease,
  { reason, requestId }: { readonly reason: Reason; readonly requestId: string },
): Promise<Snapshot> {
  try {
    return await fail(runtime, lease, reason, requestId);
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    const { snapshot } = await runtime.store.read(lease.scope);
    const { state, epoch, reason: written } = snapshot.record;
    const isOwn = (state === "failed" || state === "paused") && epoch === lease.epoch && written === reason;
    if (isOwn) return snapshot;
    throw error;
  }
}

function eventsOfFailing(scope: Scope, reason: Reason, isAskedAgain: boolean) {
  const told = eventsOf(scope, newsOfFailure(reason));
  // Only a person's click is written as a wish over a failure.
  return isAskedAgain ? [...told, previewRequested.create({ ...scope, requestedBy: "person" })] : told;
}
