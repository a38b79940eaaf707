/**
 * Owns what the demo gathered and what must be true of it. `judge` is pure: every verdict is computed from the evidence
 * that is printed beside it, so a step that did not happen cannot pass. Cannot fail; missing evidence is a failed check.
 */

/** One look at the counter inside the preview. */
export interface CounterLook {
  readonly atMs: number;
  readonly pid: number;
  readonly bootNonce: string;
  readonly ticks: number;
  readonly clicks: number;
}

export interface Evidence {
  readonly cold: {
    readonly sandboxId: string;
    readonly cameBack: string;
    readonly tookMs: number;
    readonly look: CounterLook;
  };
  readonly counted: CounterLook;
  readonly beat: { readonly endAtBefore: number; readonly endAtAfter: number };
  readonly secondTab: { readonly viewers: number; readonly stateAfterGrace: string };
  readonly pause: {
    readonly reason: string;
    readonly providerState: string;
    readonly portStatus: number;
    readonly lookBefore: CounterLook;
    /** By the provider's clock. */
    readonly pausedAtMs: number;
  };
  readonly resumed: {
    readonly sandboxId: string;
    readonly cameBack: string;
    readonly tookMs: number;
    /** By the provider's clock: when the new run began. */
    readonly startedAtMs: number;
    readonly look: CounterLook;
  };
  readonly agent: {
    readonly state: string;
    readonly viewers: number;
    readonly providerState: string;
    readonly reasonAfter: string;
    /** The agent's edit stands in the product's files. */
    readonly isSaved: boolean;
  };
  readonly edited: { readonly stateWhenEdited: string; readonly isSameProcess: boolean };
  readonly renewed: {
    readonly isSameSandbox: boolean;
    readonly before: CounterLook;
    readonly look: CounterLook;
    /** By the provider's clock: when the run before and the run after began. */
    readonly runBeforeMs: number;
    readonly runAfterMs: number;
  };
  readonly killed: {
    readonly sandboxId: string;
    readonly providerKnowsIt: boolean;
    readonly portStatus: number;
  };
  readonly rebuilt: {
    readonly sandboxId: string;
    readonly cameBack: string;
    readonly tookMs: number;
    readonly look: CounterLook;
  };
  readonly idle: { readonly state: string; readonly reason: string; readonly providerState: string };
  readonly swept: {
    readonly stateBefore: string;
    readonly idleFunctionRuns: number;
    readonly action: string;
    readonly state: string;
    readonly providerState: string;
  };
  readonly providerCalls: Readonly<Record<string, number>>;
  /** Processes of the sandboxes while a preview ran, and after everything was stopped. */
  readonly processesWhileRunning: number;
  readonly processesLeft: number;
}

export interface Check {
  readonly name: string;
  readonly holds: boolean;
}

const TICK_MS = 100;

/** How long the counter really ran between the looks before and after the pause. */
export const ranForMs = ({ pause, resumed }: Pick<Evidence, "pause" | "resumed">): number =>
  pause.pausedAtMs - pause.lookBefore.atMs + (resumed.look.atMs - resumed.startedAtMs);

export const stoodStillForMs = ({ pause, resumed }: Pick<Evidence, "pause" | "resumed">): number =>
  resumed.startedAtMs - pause.pausedAtMs;

export function judge(evidence: Partial<Evidence>): Check[] {
  return [
    check(
      "a cold start built it from its files",
      evidence,
      ["cold"],
      ({ cold }) => cold.cameBack === "rebuilt-cold",
    ),
    check(
      "clicks are counted",
      evidence,
      ["cold", "counted"],
      ({ cold, counted }) => counted.clicks > cold.look.clicks,
    ),
    check(
      "beats moved the provider's end",
      evidence,
      ["beat"],
      ({ beat }) => beat.endAtAfter > beat.endAtBefore,
    ),
    check(
      "a closed tab did not pause the other's",
      evidence,
      ["secondTab"],
      ({ secondTab }) => secondTab.viewers === 2 && secondTab.stateAfterGrace === "running",
    ),
    check("leaving paused it", evidence, ["pause"], ({ pause }) => pause.reason === "left"),
    check(
      "the provider says paused, the port answers 502",
      evidence,
      ["pause"],
      ({ pause }) => pause.providerState === "paused" && pause.portStatus === 502,
    ),
    check(
      "the same process came back",
      evidence,
      ["pause", "resumed"],
      ({ pause, resumed }) =>
        resumed.look.pid === pause.lookBefore.pid &&
        resumed.look.bootNonce === pause.lookBefore.bootNonce &&
        resumed.look.clicks === pause.lookBefore.clicks &&
        resumed.cameBack === "resumed",
    ),
    check("it stood still meanwhile", evidence, ["pause", "resumed"], standsStill),
    check(
      "an agent's hold kept it running with nobody there, and not after",
      evidence,
      ["agent"],
      ({ agent }) =>
        agent.state === "running" &&
        agent.providerState === "running" &&
        agent.viewers === 0 &&
        (agent.reasonAfter === "idle" || agent.reasonAfter === "left"),
    ),
    check(
      "the agent's edit was saved into the product's files",
      evidence,
      ["agent"],
      ({ agent }) => agent.isSaved,
    ),
    check(
      "an edit on the paused preview woke nothing and was there after the wake, in the same process",
      evidence,
      ["edited"],
      ({ edited }) => edited.stateWhenEdited === "paused" && edited.isSameProcess,
    ),
    check(
      "the run was renewed before the plan's end, with its memory",
      evidence,
      ["renewed"],
      ({ renewed }) =>
        renewed.isSameSandbox &&
        renewed.runAfterMs > renewed.runBeforeMs &&
        renewed.look.pid === renewed.before.pid &&
        renewed.look.bootNonce === renewed.before.bootNonce &&
        renewed.look.ticks > renewed.before.ticks,
    ),
    check(
      "a kill from outside was real",
      evidence,
      ["killed"],
      ({ killed }) => !killed.providerKnowsIt && killed.portStatus === 502,
    ),
    check(
      "it was rebuilt in another sandbox by another process",
      evidence,
      ["killed", "renewed", "rebuilt"],
      (all) =>
        all.rebuilt.cameBack === "rebuilt-cold" &&
        all.rebuilt.sandboxId !== all.killed.sandboxId &&
        all.rebuilt.look.bootNonce !== all.renewed.look.bootNonce,
    ),
    check(
      "idleness paused it by itself",
      evidence,
      ["idle"],
      ({ idle }) => idle.state === "paused" && idle.reason === "idle" && idle.providerState === "paused",
    ),
    check(
      "the sweep paused what everybody forgot",
      evidence,
      ["swept"],
      ({ swept }) =>
        swept.stateBefore === "running" &&
        swept.idleFunctionRuns === 0 &&
        swept.action === "pause" &&
        swept.state === "paused" &&
        swept.providerState === "paused",
    ),
    check(
      "two sandboxes were created, one for each build",
      evidence,
      ["providerCalls"],
      ({ providerCalls }) => providerCalls.create === 2,
    ),
    check(
      "there were processes, and none was left",
      evidence,
      ["processesWhileRunning", "processesLeft"],
      (all) => all.processesWhileRunning > 0 && all.processesLeft === 0,
    ),
  ];
}

/** It may have counted while it ran, not while it stood still; one tick of slack at each of the two edges. */
function standsStill(evidence: Pick<Evidence, "pause" | "resumed">): boolean {
  const ticked = evidence.resumed.look.ticks - evidence.pause.lookBefore.ticks;
  const mostTicks = ranForMs(evidence) / TICK_MS + 2;
  return ticked >= 0 && ticked <= mostTicks && stoodStillForMs(evidence) > 10 * TICK_MS;
}

function check<K extends keyof Evidence>(
  name: string,
  evidence: Partial<Evidence>,
  needs: readonly K[],
  holds: (gathered: Pick<Evidence, K>) => boolean,
): Check {
  return { name, holds: hasAll(evidence, needs) && holds(evidence) };
}

function hasAll<K extends keyof Evidence>(
  evidence: Partial<Evidence>,
  needs: readonly K[],
): evidence is Partial<Evidence> & Pick<Evidence, K> {
  return needs.every((need) => evidence[need] !== undefined);
}
