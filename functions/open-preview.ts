/**
 * Owns opening a preview durably: claim, and if it must boot, the boot as polled steps; then "ready" and the first sign
 * of life. Correct by the claim, not by Inngest: runs may overlap, repeat and be replayed. It must never begin a boot
 * for an old or answered request, nor go on after another worker took over. Fails closed: every ending leaves a state
 * with a reason and nothing running that nobody wants. Step ids are stable: runs in flight meet newer code.
 */
import { NonRetriableError } from "inngest";
import { z } from "zod";
import { previewCheckDue, previewRequested } from "@/inngest/events";
import { InvalidRequestError, LeaseLostError, ProviderCapacityError } from "@/lib/errors";
import { type LeaseId, parseLeaseId, parseScope, projectIdSchema, type Scope, userIdSchema } from "@/lib/ids";
import { acquireSandbox } from "@/lib/preview/operations/acquire";
import { awaitInstall, awaitServer, bringFiles } from "@/lib/preview/operations/boot";
import { checkBack } from "@/lib/preview/operations/check-back";
import { finishBoot } from "@/lib/preview/operations/finish";
import { openMakingRoom } from "@/lib/preview/operations/make-room";
import { fail, giveUpTidying } from "@/lib/preview/operations/settle";
import { standInLine } from "@/lib/preview/operations/stand-in-line";
import type { Reason } from "@/lib/preview/reasons";
import type { Snapshot } from "@/lib/preview/record";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import {
  eventsOf,
  type News,
  newsOfFailure,
  newsOfOpening,
  newsOfPausing,
  newsOfRunning,
  newsSchema,
} from "./announce";
import { pollUntilDone } from "./poll";
import { type Act, type StepOutcome, stepsOf } from "./step-outcome";

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

/**
 * Once more when the sandbox was taken away from under the boot: who waits did nothing wrong, and would only click again.
 * Not more often: what takes each one away would be paid for without end.
 */
async function bootWhateverIsTaken(
  runtime: Runtime,
  lease: Lease,
  requestId: string,
  act: Act,
): Promise<StepOutcome<News>> {
  const booted = await boot(runtime, lease, requestId, act);
  if (booted.kind !== "failed" || booted.reason !== "sandbox-gone") return booted;
  return boot(runtime, lease, requestId, (id, result, work) => act(`again-${id}`, result, work));
}

/**
 * From a held claim to a server that answers. A resume that could not be finished while the person waited skips what
 * its sandbox has already; a sandbox that turned out to be gone makes it a start like any other.
 */
async function boot(runtime: Runtime, lease: Lease, requestId: string, act: Act): Promise<StepOutcome<News>> {
  const acquired = await acquire(runtime, lease, act);
  if (acquired.kind !== "ok") return acquired;
  if (acquired.value.how === "no-place") return { kind: "ok", value: { kind: "line-waiting" } };
  if (!acquired.value.isResume) {
    const brought = await act("bring-files", z.null(), async () => {
      await bringFiles(runtime, lease);
      return null;
    });
    if (brought.kind !== "ok") return brought;
    const installed = await pollUntilDone("poll-install", act, () => awaitInstall(runtime, lease));
    if (installed.kind !== "ok") return installed;
  }
  const answering = await pollUntilDone("poll-server", act, () => awaitServer(runtime, lease));
  if (answering.kind !== "ok") return answering;
  return act("commit-running", newsSchema, async () =>
    newsOfRunning(runtime, await finishBoot(runtime, lease, acquired.value.isResume, requestId)),
  );
}

/** A sandbox that is as it was paused, or an empty one; or the provider has no room, and it stands in the line. */
async function acquire(runtime: Runtime, lease: Lease, act: Act): Promise<StepOutcome<Acquired>> {
  const acquireAs = (id: string, isUntouched: boolean) =>
    act(id, acquiredSchema, () =>
      unlessFull(runtime, lease, isUntouched, noPlace, () => acquireSandbox(runtime, lease)),
    );
  const acquired = await acquireAs("acquire-sandbox", true);
  if (acquired.kind !== "ok" || !acquired.value.isResume) return acquired;
  const checked = await act("check-back", z.enum(["intact", "rebooted", "put-aside", "no-place"]), () =>
    unlessFull(runtime, lease, false, "no-place" as const, () => checkBack(runtime, lease)),
  );
  if (checked.kind !== "ok") return checked;
  if (checked.value === "no-place") return { kind: "ok", value: noPlace };
  if (checked.value !== "put-aside") return acquired;
  return acquireAs("acquire-anew", false);
}

const noPlace = { how: "no-place", isResume: false };

async function unlessFull<T, F>(
  runtime: Runtime,
  lease: Lease,
  isUntouched: boolean,
  full: F,
  work: () => Promise<T>,
): Promise<T | F> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProviderCapacityError)) throw error;
    await standInLine(runtime, lease, { isUntouched });
    return full;
  }
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

const acquiredSchema = z.object({ how: z.string(), isResume: z.boolean() });
type Acquired = z.infer<typeof acquiredSchema>;
