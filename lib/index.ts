/**
 * Owns the entrance: `createRekindle` puts the parts together and gives a product what it mounts: the durable functions,
 * the operations behind its own routes, and fetch-style route handlers. It is the one place in lib that sends events,
 * since the operations beneath return outcomes and emit nothing. It must never hold state. Fails closed: wrong options
 * throw `ConfigurationError`; operations throw errors of the catalogue.
 */

import { createFunctions } from "@/functions";
import { eventsOf, type News, newsOfOpening, newsOfPausing, newsOfRunning } from "@/functions/announce";
import {
  lineWaiting,
  previewCheckDue,
  previewRequested,
  previewRestRequested,
  previewSyncRequested,
  sandboxChanged,
  sweepRequested,
  userActive,
  userLeft,
} from "@/inngest/events";
import * as defaults from "@/inngest.config";
import { EventsUnreachableError, LeaseLostError, RekindleError } from "./errors";
import { holdsOver } from "./hold";
import { parseLeaseId, parseScope, parseViewerId, type Scope, type Whose } from "./ids";
import { createOperator } from "./operate/create-operator";
import { explain } from "./preview/explain";
import { openMakingRoom } from "./preview/operations/make-room";
import { fail, giveUpTidying } from "./preview/operations/settle";
import { saveNow } from "./preview/operations/sync";
import { withOverrides } from "./preview/policy";
import { isEmpty } from "./preview/presence";
import type { Snapshot } from "./preview/record";
import { type PreviewView, viewOf } from "./preview/view";
import type { Rekindle, RekindleOptions } from "./rekindle";
import { createHandlers } from "./routes/handlers";
import { createSandboxEvents } from "./routes/sandbox-events";
import { createRuntime, type Runtime } from "./runtime";
import { send } from "./send";
import type { Lease } from "./store/store";

export type { Recipe } from "./boot/recipe";
export { StaleBaseError } from "./errors";
export type { Held, Hold, Lent } from "./hold";
export type { Whose } from "./ids";
export type { Operator } from "./operate/operator";
export type { ToldEntry } from "./preview/entry-words";
export type { Explanation } from "./preview/explain";
export type { HistoryEntry } from "./preview/history";
export type { SavedNow } from "./preview/operations/sync";
export type { Policy, PolicyOverrides } from "./preview/policy";
export type { PreviewView } from "./preview/view";
export type { Rekindle, RekindleOptions } from "./rekindle";
export type { Authorize } from "./routes/handlers";
export type { Runtime } from "./runtime";
export type { LentSandbox } from "./sandbox/e2b";
export type { ProjectChanges, ProjectFile, ProjectFileSet, ProjectFiles } from "./workspace/files";
export { RekindleError };

/** A Rekindle over the real services, or over whatever answers at the given addresses. @throws ConfigurationError */
export function createRekindle(options: RekindleOptions): Rekindle {
  return rekindleOver(
    createRuntime({
      ...options,
      policy: withOverrides(defaults.policy, options.policy ?? {}),
      flow: { ...defaults.flow, ...options.flow },
      e2b: { template: "base", ...options.e2b },
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

  async function openAndTell(scope: Scope, by: OpenedBy): Promise<Snapshot> {
    const { outcome, rested } = await openMakingRoom(runtime, scope, {
      leaseId: parseLeaseId(`${by.kind === "person" ? "route" : "agent"}-${runtime.random.hex(12)}`),
      isByPerson: by.kind === "person",
      ...(by.kind === "person" && by.viewerId ? { viewerId: parseViewerId(by.viewerId) } : {}),
    });
    if (rested) await tell(runtime, rested.scope, newsOfPausing(runtime, rested.outcome));
    const news = newsOfOpening(runtime, outcome, by.kind === "person" ? "person" : "system");
    if (outcome.kind === "starting") {
      return handOver(runtime, scope, news, outcome.snapshot, outcome.lease);
    }
    await tell(runtime, scope, news);
    return outcome.kind === "not-waiting" ? (await store.read(scope)).snapshot : outcome.snapshot;
  }

  async function openUnlessOvertaken(scope: Scope, by: OpenedBy): Promise<Snapshot> {
    try {
      return await openAndTell(scope, by);
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      // Another worker has taken over meanwhile. What was woken too late may run unseen, so somebody looks.
      await send(runtime, [previewCheckDue.create({ ...scope })]);
      return (await store.read(scope)).snapshot;
    }
  }

  const holds = holdsOver({
    runtime,
    open: (scope) => openUnlessOvertaken(scope, { kind: "agent" }),
    tellHeld: async (scope, snapshot) => {
      // Everybody left while an agent worked: with its hold given back, their grace begins.
      const isDeserted = snapshot.record.leftAt !== undefined && isEmpty(snapshot);
      await send(runtime, [
        isDeserted ? userLeft.create({ ...scope }) : userActive.create({ ...scope, by: "hold" }),
      ]);
    },
    carryOn: (scope, outcome) => tell(runtime, scope, newsOfOpening(runtime, outcome, "system")),
  });
  const scopeOf = (whose: Whose): Scope => parseScope(whose.projectId, whose.userId);

  const sandboxEvents = createSandboxEvents({
    isFromE2b: runtime.isFromE2b,
    app: runtime.appId,
    env: runtime.environment,
    policy,
    log: runtime.log,
    previewIdOf: (scope) => store.previewIdOf(scope),
    ofSandbox: (sandboxId) => runtime.directory.ofSandbox(sandboxId),
    read: async (scope) => (await store.read(scope)).snapshot,
    // By E2B's own id: however often it is sent, it is one.
    sendOn: (scope, { id, change }) =>
      send(runtime, [sandboxChanged.create({ ...scope, ...change }, { id: `e2b-${id}` })]),
  });

  const rekindle: Rekindle = {
    runtime,
    functions: createFunctions(runtime),
    status,

    async open(whose) {
      const by: OpenedBy = { kind: "person", ...(whose.viewerId ? { viewerId: whose.viewerId } : {}) };
      return view(await openUnlessOvertaken(scopeOf(whose), by));
    },

    history: (whose) => store.history(scopeOf(whose), policy.historyEntries),

    async explain(whose) {
      const scope = scopeOf(whose);
      const [{ snapshot }, history] = await Promise.all([
        store.read(scope),
        store.history(scope, policy.historyEntries),
      ]);
      return explain(snapshot, history, policy);
    },

    hold: (whose, hold) => holds.hold(scopeOf(whose), hold),
    release: (whose, key) => holds.release(scopeOf(whose), key),
    withSandbox: (whose, hold, use) => holds.withSandbox(scopeOf(whose), hold, use),

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

    async sync(whose) {
      const scope = scopeOf(whose);
      const asked = await store.askSync(scope);
      if (!asked) return status(whose);
      if (!(await send(runtime, [previewSyncRequested.create({ ...scope })]))) {
        throw new EventsUnreachableError(previewSyncRequested.name);
      }
      return view(asked);
    },

    save: (whose) => saveNow(runtime, scopeOf(whose), parseLeaseId(`sync-${runtime.random.hex(12)}`)),

    async requestSweep() {
      if (!(await send(runtime, [sweepRequested.create({})]))) {
        throw new EventsUnreachableError(sweepRequested.name);
      }
    },

    operator: createOperator({
      runtime,
      view,
      preview: {
        open: (whose) => rekindle.open(whose),
        sync: (whose) => rekindle.sync(whose),
        status,
        explain: (whose) => rekindle.explain(whose),
      },
      tellPaused: (scope, outcome) => tell(runtime, scope, newsOfPausing(runtime, outcome)),
      tellRunning: (scope, snapshot) => tell(runtime, scope, newsOfRunning(runtime, snapshot)),
      askForLooks: async (scopes) => {
        const events = scopes.map((scope) => previewCheckDue.create({ ...scope }));
        if (!(await send(runtime, events))) throw new EventsUnreachableError(previewCheckDue.name);
      },
      askToRest: async (scope, because) => {
        if (!(await send(runtime, [previewRestRequested.create({ ...scope, because })])))
          throw new EventsUnreachableError(previewRestRequested.name);
      },
      callForLine: async () => {
        if (!(await send(runtime, [lineWaiting.create({})])))
          throw new EventsUnreachableError(lineWaiting.name);
      },
    }),

    handlers: (authorize) => ({ ...createHandlers(rekindle, authorize, runtime.log), ...sandboxEvents }),
  };
  return rekindle;
}

type OpenedBy = { readonly kind: "person"; readonly viewerId?: string } | { readonly kind: "agent" };

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
