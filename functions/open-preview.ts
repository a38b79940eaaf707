/**
 * Owns opening a preview durably: claim, and if it must boot, the boot as polled steps; then "ready" and the first sign
 * of life. Correct by the claim, not by Inngest: runs may overlap, repeat and be replayed. It must never begin a boot
 * for an old or answered request, nor go on after another worker took over. Fails closed: every ending leaves a state
 * with a reason and nothing running that nobody wants. Step ids are stable: runs in flight meet newer code.
 */
import { NonRetriableError } from "inngest";
import { z } from "zod";
import { previewRequested } from "@/inngest/events";
import { InvalidRequestError } from "@/lib/errors";
import { type LeaseId, parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import {
  acquireSandbox,
  awaitInstall,
  awaitServer,
  bringFiles,
  type Progress,
  progressSchema,
} from "@/lib/preview/operations/boot";
import { finishBoot } from "@/lib/preview/operations/finish";
import { open } from "@/lib/preview/operations/open";
import { fail, giveUpTidying } from "@/lib/preview/operations/settle";
import type { Reason } from "@/lib/preview/reasons";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { eventsOf, type News, newsOfFailure, newsOfOpening, newsOfRunning, newsSchema } from "./announce";
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
    { id: openPreviewId, triggers: [previewRequested], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const { data } = event;
      const scope = parseScope(data.projectId, data.userId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const request: Request = {
        leaseId: leaseOfOpening(data, runId),
        requestId: String(event.id),
        requestedAt: event.ts ?? 0,
        requestedBy: data.requestedBy ?? "person",
        isHandedOver: data.leaseId !== undefined,
      };

      const claimed = await act("claim", claimedSchema, () => claim(runtime, scope, request));
      if (claimed.kind === "superseded") return { result: "superseded" };
      if (claimed.kind === "failed") {
        // A claim that was handed over may still be held: recover-preview ends it as soon as the store answers again.
        throw new NonRetriableError(`The claim could not be taken (${claimed.reason}).`);
      }
      if (claimed.value.kind === "answered") {
        if (claimed.value.news.kind !== "none") {
          await step.sendEvent("announce", eventsOf(scope, claimed.value.news));
        }
        return { result: claimed.value.result };
      }

      const lease: Lease = { scope, leaseId: request.leaseId, epoch: claimed.value.epoch };
      const booted = await boot(runtime, lease, request.requestId, act);
      switch (booted.kind) {
        case "superseded":
          return { result: "superseded" };
        case "ok":
          await step.sendEvent("announce", eventsOf(scope, booted.value));
          return { result: "ready" };
        case "failed": {
          const { reason } = booted;
          const isAskedAgain = await tidyUp(runtime, lease, { reason, requestId: request.requestId }, act);
          await step.sendEvent(
            "announce-failure",
            eventsOfFailing(scope, { reason, isAskedAgain, requestedBy: data.requestedBy }),
          );
          return { result: "failed", reason };
        }
      }
    },
  );

interface Request {
  readonly leaseId: LeaseId;
  readonly requestId: string;
  readonly requestedAt: number;
  readonly requestedBy: "person" | "system";
  readonly isHandedOver: boolean;
}

const claimedSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("answered"),
    result: z.enum(["stale-request", "busy", "needs-person", "completed", "ready"]),
    news: newsSchema,
  }),
  z.object({ kind: z.literal("to-boot"), epoch: z.number() }),
]);

async function claim(
  runtime: Runtime,
  scope: Scope,
  request: Request,
): Promise<z.infer<typeof claimedSchema>> {
  const { snapshot } = await runtime.store.read(scope);
  const isStale = Math.abs(snapshot.now - request.requestedAt) > runtime.policy.requestFreshForMs;
  // A claim that was handed over is good only while it is held: whoever took it over goes on with the work.
  const isTakenOver = request.isHandedOver && snapshot.record.leaseId !== request.leaseId;
  if (isStale || isTakenOver) return { kind: "answered", result: "stale-request", news: { kind: "none" } };

  const { leaseId, requestId, requestedBy } = request;
  const outcome = await open(runtime, scope, { leaseId, requestId, isByPerson: requestedBy === "person" });
  if (outcome.kind === "starting") return { kind: "to-boot", epoch: outcome.lease.epoch };
  return { kind: "answered", result: outcome.kind, news: newsOfOpening(runtime, outcome, requestedBy) };
}

/**
 * From a held claim to a server that answers. A resume that could not be finished while the person waited skips what
 * its sandbox has already; a sandbox that turned out to be gone makes it a start like any other.
 */
async function boot(runtime: Runtime, lease: Lease, requestId: string, act: Act): Promise<StepOutcome<News>> {
  const acquired = await act("acquire-sandbox", acquiredSchema, () => acquireSandbox(runtime, lease));
  if (acquired.kind !== "ok") return acquired;
  if (!acquired.value.isResume) {
    const brought = await act("bring-files", z.null(), async () => {
      await bringFiles(runtime, lease);
      return null;
    });
    if (brought.kind !== "ok") return brought;
    const installed = await poll("poll-install", act, () => awaitInstall(runtime, lease));
    if (installed.kind !== "ok") return installed;
  }
  const answering = await poll("poll-server", act, () => awaitServer(runtime, lease));
  if (answering.kind !== "ok") return answering;
  return act("commit-running", newsSchema, async () =>
    newsOfRunning(runtime, await finishBoot(runtime, lease, acquired.value.isResume, requestId)),
  );
}

/** Marks how it ended and brings the sandbox to rest; true when a person asked for it again meanwhile. */
async function tidyUp(
  runtime: Runtime,
  lease: Lease,
  ending: { readonly reason: Reason; readonly requestId: string },
  act: Act,
): Promise<boolean> {
  const tidied = await act("mark-failed", z.object({ isAskedAgain: z.boolean() }), async () => {
    const { record } = await fail(runtime, lease, ending.reason, ending.requestId);
    return { isAskedAgain: record.wanted === "running" };
  });
  if (tidied.kind === "ok") return tidied.value.isAskedAgain;
  if (tidied.kind === "failed") {
    await act("give-up-tidying", z.null(), async () => {
      await giveUpTidying(runtime, lease);
      return null;
    });
  }
  return false;
}

function eventsOfFailing(
  scope: Scope,
  how: { reason: Reason; isAskedAgain: boolean; requestedBy?: Request["requestedBy"] | undefined },
) {
  const told = eventsOf(scope, newsOfFailure(how.reason));
  if (!how.isAskedAgain) return told;
  // A person clicked while the failure was being tidied up.
  return [...told, previewRequested.create({ ...scope, requestedBy: how.requestedBy })];
}

const acquiredSchema = z.object({ sandboxId: z.string(), how: z.string(), isResume: z.boolean() });

/** Looks again and again, each time within a step's budget, until the work itself says that it is done or failed. */
async function poll(id: string, act: Act, look: () => Promise<Progress>): Promise<StepOutcome<null>> {
  for (let round = 0; ; round += 1) {
    const seen = await act(`${id}-${round}`, progressSchema, look);
    if (seen.kind !== "ok") return seen;
    if (seen.value.kind === "done") return { kind: "ok", value: null };
    if (seen.value.kind === "failed") return seen.value;
  }
}
