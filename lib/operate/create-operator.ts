/**
 * Owns what an operator does to single previews and to all of them, over the same operations that everybody else's acts
 * end in. It must never reach around them: a pause is the ordinary pause, a kill condemns first. Fails closed with errors
 * of the catalogue.
 */
import { RekindleError } from "@/lib/errors";
import { parseLeaseId, parseScope, parseUserId, type Scope } from "@/lib/ids";
import type { Explanation } from "@/lib/preview/explain";
import { extend } from "@/lib/preview/operations/extend";
import { kill } from "@/lib/preview/operations/kill";
import { type PauseOutcome, pause } from "@/lib/preview/operations/pause";
import type { Snapshot } from "@/lib/preview/record";
import type { PreviewView } from "@/lib/preview/view";
import type { Runtime } from "@/lib/runtime";
import { find } from "./find";
import { list } from "./list";
import type { Done, Operator, Whose } from "./operator";

export interface OperatorParts {
  readonly runtime: Runtime;
  readonly preview: Pick<Operator, "open" | "sync"> & {
    status(whose: Whose): Promise<PreviewView>;
    explain(whose: Whose): Promise<Explanation>;
  };
  view(snapshot: Snapshot): PreviewView;
  /** Tells what came of a pause, as every other act does. */
  tellPaused(scope: Scope, outcome: PauseOutcome): Promise<void>;
  /** Asks that somebody looks at each of them. @throws EventsUnreachableError */
  askForLooks(scopes: readonly Scope[]): Promise<void>;
  /** Asks that somebody looks after the line. @throws EventsUnreachableError */
  callForLine(): Promise<void>;
}

export type OperatorOfPreviews = Pick<
  Operator,
  | "list"
  | "find"
  | "show"
  | "open"
  | "pause"
  | "kill"
  | "extend"
  | "sync"
  | "sweep"
  | "fleet"
  | "turn"
  | "suspend"
  | "unsuspend"
  | "suspension"
>;

export function createOperator(parts: OperatorParts): OperatorOfPreviews {
  const { runtime, preview, view } = parts;
  const { store, fleet, policy } = runtime;
  const scopeOf = ({ projectId, userId }: Whose): Scope => parseScope(projectId, userId);
  const leaseOf = (kind: string) => parseLeaseId(`${kind}-${runtime.random.hex(12)}`);

  async function done(scope: Scope, kind: Done["kind"], word: string): Promise<Done> {
    return { kind, word, view: view((await store.read(scope)).snapshot) };
  }

  /** To rest at once, whoever is there. */
  async function rest(scope: Scope, reason: "asked" | "suspended"): Promise<PauseOutcome> {
    const outcome = await pause(runtime, scope, { leaseId: leaseOf("operator"), reason, isForced: true });
    await parts.tellPaused(scope, outcome);
    return outcome;
  }

  return {
    list: (query) => list(runtime, query),
    find: (term) => find(runtime, term),
    open: preview.open,
    sync: preview.sync,
    fleet: () => fleet.state(),
    turn: (name, to) => fleet.turn(name, to),

    async show(whose) {
      const { usage } = (await store.read(scopeOf(whose))).snapshot;
      return {
        view: await preview.status(whose),
        explanation: await preview.explain(whose),
        usage: {
          dayMs: usage?.dayMs ?? 0,
          dayLimitMs: policy.maxRunMsPerUserDay,
          monthMs: usage?.monthMs ?? 0,
          monthLimitMs: policy.maxRunMsPerUserMonth,
        },
      };
    },

    async pause(whose) {
      const scope = scopeOf(whose);
      const outcome = await rest(scope, "asked");
      const [kind, word] = pauseWords[outcome.kind];
      return done(scope, kind, word);
    },

    async kill(whose) {
      const scope = scopeOf(whose);
      const outcome = await kill(runtime, scope, leaseOf("operator"));
      const [kind, word] = killWords[outcome.kind];
      return done(scope, kind, word);
    },

    async extend(whose) {
      const scope = scopeOf(whose);
      // A sign of life is never taken as later than Redis's now.
      await store.touch(scope, { kind: "activity", at: Number.MAX_SAFE_INTEGER });
      const outcome = await extend(runtime, scope, undefined);
      if (outcome.kind === "look-again") await parts.askForLooks([scope]);
      const [kind, word] = extendWords[outcome.kind];
      return done(scope, kind, word);
    },

    async sweep(told) {
      let looked = 0;
      for (;;) {
        const { previews, isLineUnattended } = await store.takeDue(policy.sweepBatch, policy.leaseMs);
        if (isLineUnattended) await parts.callForLine();
        if (previews.length > 0) await parts.askForLooks(previews);
        looked += previews.length;
        told?.({ done: looked, what: "asked for a look" });
        if (previews.length < policy.sweepBatch) return { looked };
      }
    },

    async suspend(userId, by, why) {
      let rested = 0;
      for (const scope of await fleet.suspend(parseUserId(userId), by, why)) {
        if (await restUnlessInTheWay(scope)) rested += 1;
      }
      return { rested };
    },

    unsuspend: (userId) => fleet.unsuspend(parseUserId(userId)),
    suspension: (userId) => fleet.suspension(parseUserId(userId)),
  };

  /** What cannot be brought to rest now is by the sweep, which knows of the suspension; the others must not wait for it. */
  async function restUnlessInTheWay(scope: Scope): Promise<boolean> {
    try {
      return (await rest(scope, "suspended")).kind === "paused";
    } catch (error) {
      if (!(error instanceof RekindleError)) throw error;
      runtime.log.warn({ code: error.code, ...error.safeDetails }, "left to the sweep");
      return false;
    }
  }
}

type Words<Kind extends string> = Readonly<Record<Kind, readonly [Done["kind"], string]>>;

const pauseWords: Words<PauseOutcome["kind"]> = {
  paused: ["done", "It rests now, with its memory and processes kept."],
  expired: ["done", "Its sandbox was gone already; the next start builds it anew."],
  active: ["refused", "Nothing is paused while everything is held."],
  busy: ["refused", "Somebody else is at work on it. Try again in a minute."],
  "not-running": ["nothing-to-do", "It does not run."],
  reopened: ["refused", "Somebody came back while it was being paused, so it was opened again."],
};

const killWords: Words<Awaited<ReturnType<typeof kill>>["kind"]> = {
  killed: ["done", "Its sandbox was ended. The next start builds it anew from the project's files."],
  "nothing-there": ["nothing-to-do", "It has no sandbox."],
  busy: ["refused", "Somebody else is at work on it. Try again in a minute."],
  held: ["refused", "Nothing is killed while everything is held."],
};

const extendWords: Words<Awaited<ReturnType<typeof extend>>["kind"]> = {
  extended: ["done", "The provider's end was moved."],
  "not-needed": ["done", "The sign of life was taken; the provider's end is far enough away."],
  "near-cap": ["done", "The sign of life was taken; its run is renewed before the plan ends it."],
  "not-running": ["nothing-to-do", "It does not run."],
  "look-again": ["refused", "The provider says something else than the record; somebody looks at it now."],
};
