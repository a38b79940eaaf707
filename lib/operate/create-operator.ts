/**
 * Owns what an operator does to single previews and to all of them, over the same operations that everybody else's acts
 * end in. It must never reach around them: a pause is the ordinary pause, a kill condemns first. Fails closed with errors
 * of the catalogue.
 */
import { RekindleError } from "@/lib/errors";
import { parseLeaseId, parseSandboxId, parseScope, parseUserId, type Scope, type Whose } from "@/lib/ids";
import type { Explanation } from "@/lib/preview/explain";
import { type AdoptOutcome, adopt } from "@/lib/preview/operations/adopt";
import { audit } from "@/lib/preview/operations/audit";
import { extend } from "@/lib/preview/operations/extend";
import { forgetPreview, forgetUser } from "@/lib/preview/operations/forget";
import { kill } from "@/lib/preview/operations/kill";
import { type PauseOutcome, pause } from "@/lib/preview/operations/pause";
import type { Snapshot } from "@/lib/preview/record";
import type { PreviewView } from "@/lib/preview/view";
import type { Runtime } from "@/lib/runtime";
import { find } from "./find";
import { list } from "./list";
import type { Done, Operator } from "./operator";

export interface OperatorParts {
  readonly runtime: Runtime;
  readonly preview: Pick<Operator, "open" | "sync"> & {
    status(whose: Whose): Promise<PreviewView>;
    explain(whose: Whose): Promise<Explanation>;
  };
  view(snapshot: Snapshot): PreviewView;
  /** Tells what came of a pause, as every other act does. */
  tellPaused(scope: Scope, outcome: PauseOutcome): Promise<void>;
  /** Tells that it answers at its address. */
  tellRunning(scope: Scope, running: Snapshot): Promise<void>;
  /** Asks that somebody looks at each of them. @throws EventsUnreachableError */
  askForLooks(scopes: readonly Scope[]): Promise<void>;
  /** Asks for its rest as soon as nobody is at work on it. @throws EventsUnreachableError */
  askToRest(scope: Scope, because: "suspended"): Promise<void>;
  /** Asks that somebody looks after the line. @throws EventsUnreachableError */
  callForLine(): Promise<void>;
}

export function createOperator(parts: OperatorParts): Operator {
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
      const scope = scopeOf(whose);
      const { usage } = (await store.read(scope)).snapshot;
      const suspension = await fleet.suspension(scope.userId);
      return {
        view: await preview.status(whose),
        explanation: await preview.explain(whose),
        usage: {
          dayMs: usage?.dayMs ?? 0,
          dayLimitMs: policy.maxRunMsPerUserDay,
          monthMs: usage?.monthMs ?? 0,
          monthLimitMs: policy.maxRunMsPerUserMonth,
        },
        ...(suspension ? { suspension } : {}),
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
      const loss = outcome.kind === "killed" && !outcome.isSaved ? [unsavedWord] : [];
      return done(scope, kind, [word, ...loss].join(" "));
    },

    async extend(whose) {
      const scope = scopeOf(whose);
      // A sign of life is never taken as later than Redis's now.
      await store.touch(scope, { kind: "activity", at: Number.MAX_SAFE_INTEGER });
      const outcome = await extend(runtime, scope, undefined);
      if (outcome.kind === "look-again") await parts.askForLooks([scope]);
      const [kind, word] = extendWords[outcome.kind];
      const until =
        outcome.kind === "extended" ? [`It was moved to ${new Date(outcome.toMs).toISOString()}.`] : [];
      return done(scope, kind, [word, ...until].join(" "));
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
        else await parts.askToRest(scope, "suspended");
      }
      return { rested };
    },

    async audit({ isDryRun = false } = {}, told) {
      return audit(runtime, {
        passId: `operator-${runtime.random.hex(6)}`,
        isDryRun,
        told: async ({ sandboxes }, looks) => {
          if (looks.length > 0) await parts.askForLooks(looks);
          told?.({ done: sandboxes, what: "compared" });
        },
      });
    },

    async adopt(whose, { sandboxId, port }) {
      const scope = scopeOf(whose);
      const leaseId = leaseOf("operator");
      const outcome = await adopt(runtime, scope, { sandboxId: parseSandboxId(sandboxId), port, leaseId });
      if (outcome.kind === "refused") return done(scope, "refused", adoptWords[outcome.why]);
      await parts.tellRunning(scope, outcome.snapshot);
      return done(scope, "done", "It is this preview's now, and rests and wakes like any other.");
    },

    async forget(what, told) {
      let count = 0;
      const forgetting = {
        leaseId: leaseOf("operator"),
        told: () => {
          count += 1;
          told?.({ done: count, what: "forgotten" });
        },
      };
      return "projectId" in what
        ? forgetPreview(runtime, scopeOf(what), forgetting)
        : forgetUser(runtime, parseUserId(what.userId), forgetting);
    },

    unsuspend: (userId) => fleet.unsuspend(parseUserId(userId)),
  };

  /** What cannot be brought to rest now is tried again durably; the others must not wait for it. */
  async function restUnlessInTheWay(scope: Scope): Promise<boolean> {
    try {
      return (await rest(scope, "suspended")).kind === "paused";
    } catch (error) {
      if (!(error instanceof RekindleError)) throw error;
      runtime.log.warn({ code: error.code, ...error.safeDetails }, "asked to rest later");
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

const unsavedWord = "What had changed in it since it was last saved is lost.";

const killWords: Words<Awaited<ReturnType<typeof kill>>["kind"]> = {
  killed: ["done", "Its sandbox was ended. The next start builds it anew from the project's files."],
  "nothing-there": ["nothing-to-do", "It has no sandbox."],
  busy: ["refused", "Somebody else is at work on it. Try again in a minute."],
  held: ["refused", "Nothing is killed while everything is held."],
};

const adoptWords: Readonly<Record<Extract<AdoptOutcome, { kind: "refused" }>["why"], string>> = {
  gone: "The provider has no such sandbox.",
  "not-running": "The sandbox does not run. Start it, and adopt it then.",
  "not-answering": "Nothing answers at that port of the sandbox.",
  "has-another": "This preview has another sandbox. End that one first, if it is not wanted.",
  "let-go": "The sandbox was this preview's and was given up; it is about to be ended.",
  others: "The sandbox is another preview's, or another deployment's.",
  busy: "Somebody else is at work on the preview. Try again in a minute.",
  suspended: "Previews of this user may not run at the moment.",
};

const extendWords: Words<Awaited<ReturnType<typeof extend>>["kind"]> = {
  extended: ["done", "The sign of life was taken, and the provider's end follows it."],
  "not-needed": ["done", "The sign of life was taken; the provider's end is far enough away."],
  "near-cap": ["done", "The sign of life was taken; its run is renewed before the plan ends it."],
  "not-running": ["nothing-to-do", "It does not run."],
  "look-again": ["refused", "The provider says something else than the record; somebody looks at it now."],
};
