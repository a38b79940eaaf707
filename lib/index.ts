/**
 * Owns the entrance: `createRekindle` puts the parts together and gives a product what it mounts: the durable functions,
 * the operations behind its own routes, and fetch-style route handlers. It is the one place in lib that sends events,
 * since the operations beneath return outcomes and emit nothing. It must never hold state. Fails closed: wrong options
 * throw `ConfigurationError`; operations throw errors of the catalogue.
 */

import { createFunctions } from "@/functions";
import { eventsOf, type News, newsOfOpening } from "@/functions/announce";
import { previewCheckDue, previewRequested, sweepRequested, userActive, userLeft } from "@/inngest/events";
import * as defaults from "@/inngest.config";
import { within } from "./clock";
import { EventsUnreachableError, LeaseLostError, RekindleError } from "./errors";
import { parseLeaseId, parseScope, parseViewerId, type Scope } from "./ids";
import { open as openPreview } from "./preview/operations/open";
import { fail, giveUpTidying } from "./preview/operations/settle";
import { type PolicyOverrides, withOverrides } from "./preview/policy";
import type { Snapshot } from "./preview/record";
import { type PreviewView, viewOf } from "./preview/view";
import { type Authorize, createHandlers } from "./routes/handlers";
import { createRuntime, type FlowSettings, type Runtime, type RuntimeOptions } from "./runtime";
import type { Lease } from "./store/store";

export type { Recipe } from "./boot/recipe";
export type { Policy, PolicyOverrides } from "./preview/policy";
export type { PreviewView } from "./preview/view";
export type { Authorize } from "./routes/handlers";
export type { Runtime } from "./runtime";
export type { ProjectFile, ProjectFileSet, ProjectFiles } from "./workspace/files";
export { RekindleError };

/** Whose preview, in plain strings; a shared one has the user `shared`. */
export interface Whose {
  readonly projectId: string;
  readonly userId: string;
}

export interface Rekindle {
  readonly runtime: Runtime;
  /** For Inngest's `serve({ client, functions })`. */
  readonly functions: ReturnType<typeof createFunctions>;
  /**
   * A person wants to see it. Warm in one round trip to Redis; a paused one is resumed while the call waits; a boot goes
   * on in open-preview, and the view shows its steps. Asking again, from anywhere, does it once.
   * @throws InvalidRequestError, EventsUnreachableError, StoreUnreachableError and others of the catalogue.
   */
  open(whose: Whose & { readonly viewerId?: string }): Promise<PreviewView>;
  /** A sign of life of one viewer; starts nothing and wakes nothing. */
  beat(whose: Whose & { readonly viewerId: string }): Promise<PreviewView>;
  /** This viewer closed it; it rests after a grace unless others are there or somebody returns. */
  leave(whose: Whose & { readonly viewerId: string }): Promise<PreviewView>;
  /** How it stands; changes nothing. */
  status(whose: Whose): Promise<PreviewView>;
  /** Asks for a sweep now instead of at the next tick. */
  requestSweep(): Promise<void>;
  /** Fetch-style handlers for the product's routes; `authorize` says who asks, or nobody. */
  handlers(authorize: Authorize): ReturnType<typeof createHandlers>;
}

/** What a product passes; numbers and schedules that it leaves out are those of `inngest.config.ts`. */
export interface RekindleOptions extends Omit<RuntimeOptions, "policy" | "flow" | "e2b" | "preview"> {
  readonly policy?: PolicyOverrides;
  readonly flow?: Partial<FlowSettings>;
  readonly e2b: Partial<RuntimeOptions["e2b"]> & { readonly apiKey: string };
  /** E2B's own preview addresses when absent. */
  readonly preview?: RuntimeOptions["preview"];
}

/** A Rekindle over the real services, or over whatever answers at the given addresses. @throws ConfigurationError */
export function createRekindle(options: RekindleOptions): Rekindle {
  return rekindleOver(
    createRuntime({
      ...options,
      policy: withOverrides(defaults.policy, options.policy ?? {}),
      flow: { ...defaults.flow, ...options.flow },
      e2b: { template: "base", planConcurrency: defaults.planConcurrency, ...options.e2b },
      preview: options.preview ?? { urlTemplate: defaults.previewUrlTemplate },
    }),
  );
}

/** The same over a runtime whose parts were made elsewhere: simulations and tests pass their own. */
export function rekindleOver(runtime: Runtime): Rekindle {
  const { store, policy } = runtime;

  const view = (snapshot: Snapshot, logTail = ""): PreviewView =>
    viewOf(snapshot, { policy, logTail, previewUrl: runtime.previewUrl });

  async function status(whose: Whose): Promise<PreviewView> {
    const { snapshot, logTail } = await store.read(parseScope(whose.projectId, whose.userId));
    return view(snapshot, logTail);
  }

  async function openAndTell(scope: Scope, viewerId: string | undefined): Promise<PreviewView> {
    const outcome = await openPreview(runtime, scope, {
      leaseId: parseLeaseId(`route-${runtime.random.hex(12)}`),
      isByPerson: true,
      ...(viewerId ? { viewerId: parseViewerId(viewerId) } : {}),
    });
    const news = newsOfOpening(runtime, outcome, "person");
    if (outcome.kind === "starting") {
      return view(await handOver(runtime, scope, news, outcome.snapshot, outcome.lease));
    }
    await tell(runtime, scope, news);
    return view(outcome.snapshot);
  }

  const rekindle: Rekindle = {
    runtime,
    functions: createFunctions(runtime),
    status,

    async open(whose) {
      const scope = parseScope(whose.projectId, whose.userId);
      try {
        return await openAndTell(scope, whose.viewerId);
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error;
        // Another worker has taken over meanwhile. What was woken too late may run unseen, so somebody looks.
        await send(runtime, [previewCheckDue.create({ ...scope })]);
        return status(whose);
      }
    },

    async beat(whose) {
      const scope = parseScope(whose.projectId, whose.userId);
      const viewerId = parseViewerId(whose.viewerId);
      const touched = await store.touch(scope, { kind: "beat", viewerId });
      if (!touched) return status(whose);
      const { snapshot, emitSeq } = touched;
      if (emitSeq !== undefined) {
        const isSent = await send(runtime, [userActive.create({ ...scope })]);
        if (!isSent) await store.touch(scope, { kind: "unsent", emitSeq });
      }
      return view(snapshot);
    },

    async leave(whose) {
      const scope = parseScope(whose.projectId, whose.userId);
      const touched = await store.touch(scope, { kind: "left", viewerId: parseViewerId(whose.viewerId) });
      if (!touched) return status(whose);
      if (touched.emitSeq !== undefined) await send(runtime, [userLeft.create({ ...scope })]);
      return view(touched.snapshot);
    },

    async requestSweep() {
      if (!(await send(runtime, [sweepRequested.create({})]))) {
        throw new EventsUnreachableError(sweepRequested.name);
      }
    },

    handlers: (authorize) => createHandlers(rekindle, authorize, runtime.log),
  };
  return rekindle;
}

/** Hands a held claim to open-preview; when Inngest does not take it, the claim is ended with that reason. */
async function handOver(
  runtime: Runtime,
  scope: Scope,
  news: News,
  snapshot: Snapshot,
  lease: Lease,
): Promise<Snapshot> {
  if (await send(runtime, eventsOf(scope, news))) return snapshot;
  await endInVain(runtime, lease);
  throw new EventsUnreachableError(previewRequested.name);
}

/** Ends a claim that nobody will carry on; when even that fails, its lease lapses and the sweep carries it on. */
async function endInVain(runtime: Runtime, lease: Lease): Promise<void> {
  try {
    await fail(runtime, lease, "events-unreachable");
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error;
    runtime.log.error({ code: error.code, ...error.safeDetails }, "a claim was left to lapse");
    if (!(error instanceof LeaseLostError)) await giveUpTidying(runtime, lease);
  }
}

/** Tells what has happened. Accepted loss: the preview runs all the same, and the sweep watches over it. */
async function tell(runtime: Runtime, scope: Scope, news: News): Promise<void> {
  await send(runtime, eventsOf(scope, news));
}

/** A person waits for this; what Inngest does not take in time counts as not taken. */
const SEND_DEADLINE_MS = 5_000;

type SendableEvents = Parameters<Runtime["inngest"]["send"]>[0];

async function send(runtime: Runtime, events: SendableEvents): Promise<boolean> {
  if (Array.isArray(events) && events.length === 0) return true;
  try {
    await within(runtime.clock, SEND_DEADLINE_MS, () => runtime.inngest.send(events));
    return true;
  } catch (error) {
    runtime.log.error(
      { error: error instanceof Error ? error.name : "unknown" },
      "Inngest did not take an event",
    );
    return false;
  }
}
