/**
 * Owns the world in which one case is played: no chance but in how long calls take, and the few things that lives do in it.
 * Nothing fails before it is armed; from then on what was planned befalls the calls of those that are under test, counted
 * over all of them together. It must never know what is right: that is the rules'.
 */
import { sleep } from "@/lib/clock";
import { parseScope, type Scope } from "@/lib/ids";
import type { PolicyOverrides } from "@/lib/preview/policy";
import type { Rekindle } from "@/lib/rekindle";
import { settlePromises } from "@/tests/sim/kernel/sim-clock";
import { putLayer1 } from "@/tests/sim/layer-1/layer-1";
import { recordsAgreeAtTheEnd } from "@/tests/sim/rules/at-the-end";
import { orphansEnd, placesAreNotGivenTwice } from "@/tests/sim/rules/cost";
import { signsOfLife } from "@/tests/sim/rules/resting";
import { nameOf, watch } from "@/tests/sim/rules/watch";
import { workIsKept } from "@/tests/sim/rules/work-kept";
import { epochsGrow, movesAreLegal, oneSandboxEach } from "@/tests/sim/rules/writing";
import { createWorld } from "@/tests/sim/world/world";
import { type Planned, STALL_MS } from "./planned";
import { profileWith } from "./profile";

const SECOND = 1_000;

/** What the routes and the command line do, as calls are counted. */
export const OPERATION = "operation";

export const mine: Scope = parseScope("p1", "u1");
export const other: Scope = parseScope("p2", "u1");
const scopes = [mine, other];

export interface StageOptions {
  /** Whose calls are counted and befallen: ids of functions, and `OPERATION`. */
  readonly underTest: readonly string[];
  readonly faults: readonly Planned[];
  readonly policy: PolicyOverrides;
  readonly keptLines: number;
}

export interface CountedCall {
  readonly of: string;
  readonly site: string;
  readonly at: number;
}

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** A little less than the idle time of `profile.ts`, since every beat has its price in each case. */
const SELDOM_MS = 140 * SECOND;

/** One in which installs and servers go well, whatever is drawn. */
const SEED = 7;

export async function setStage({ underTest, faults, policy, keptLines }: StageOptions) {
  const profile = profileWith(policy);
  const world = await createWorld({
    seed: SEED,
    profile,
    settle: settlePromises,
    keptLines,
    hasFaults: false,
  });
  const { clock, calls } = world;
  Object.assign(world.machines.project, {
    installMs: SECOND,
    installExitCode: 0,
    answersAfterMs: SECOND / 2,
    exitsAfterMs: undefined,
  });
  const { bus, runs } = putLayer1(world);
  const present: Scope[] = [];
  const seen = watch(world, scopes, (self) => {
    const never = () => false;
    const signs = signsOfLife(world, self);
    world.signs = signs;
    return [
      oneSandboxEach(self),
      epochsGrow(self, never),
      movesAreLegal(self, never),
      workIsKept(world, self),
      signs.rule,
      orphansEnd(world, self),
      placesAreNotGivenTwice(world, self),
      recordsAgreeAtTheEnd(world, self, { scopes: present }),
    ];
  });
  const counted: CountedCall[] = [];
  const made: string[] = [];
  world.onChange(({ sandbox: { sandboxId }, change }) => {
    if (change.kind === "created") made.push(sandboxId);
  });

  const isOver = () => seen.violations.length > 0 || world.troubles.length > 0;
  const play = (ms: number): Promise<void> => clock.runUntil(clock.now() + ms, seen.look, isOver);

  /** What a person, an agent or an operator asks for; undefined when no answer came. */
  async function ask<T>(what: string, work: (rekindle: Rekindle) => Promise<T>): Promise<T | undefined> {
    const ended = await world.run((process) => {
      process.worker.doing = what === "beat" ? "beat" : OPERATION;
      return work(process.rekindle);
    });
    if (ended.kind === "threw") world.refused(what, ended.error);
    return ended.kind === "answered" ? ended.value : undefined;
  }

  const viewerOf = (scope: Scope, name: string) => ({ ...scope, viewerId: `${name}-${scope.projectId}` });

  return {
    world,
    policy: profile.policy,
    seen,
    runs,
    counted,
    /** Every sandbox that there ever was. */
    made,
    present,
    ask,
    play,
    isOver,

    /** Runs a part of a life to its end, however long that takes. */
    async act(part: () => Promise<void>): Promise<void> {
      let isDone = false;
      world.begin(
        part().finally(() => {
          isDone = true;
        }),
      );
      await clock.runUntil(clock.now() + 3_600 * SECOND, seen.look, () => isDone || isOver());
      if (!isDone && !isOver()) throw new Error("a part of a life did not come to its end within an hour");
    },

    arm(): void {
      calls.scriptedStallMs = STALL_MS;
      calls.scripted = (site, { doing }) => {
        if (doing === undefined || !underTest.includes(doing)) return undefined;
        counted.push({ of: doing, site, at: clock.now() });
        return faults.find(({ call }) => call === counted.length)?.fault;
      };
    },

    wait: (ms: number) => sleep(clock, ms),

    /** Asked as often as somebody at a page would click. */
    async insist<T>(what: string, work: (rekindle: Rekindle) => Promise<T>): Promise<T | undefined> {
      for (let time = 0; time < 6; time += 1) {
        const answer = await ask(what, work);
        if (answer !== undefined) return answer;
        await sleep(clock, 10 * SECOND);
      }
      return undefined;
    },

    async open(scope: Scope, name = "anna"): Promise<void> {
      await this.insist("open", (rekindle) => rekindle.open(viewerOf(scope, name)));
    },

    async beat(scope: Scope, name = "anna"): Promise<void> {
      const begunAt = world.clock.now();
      const answer = await ask("beat", (rekindle) => rekindle.beat(viewerOf(scope, name)));
      if (answer !== undefined) world.signs?.accepted(scope, begunAt);
    },

    leave: (scope: Scope, name = "anna") => ask("leave", (rekindle) => rekindle.leave(viewerOf(scope, name))),

    /** Opened, and told to be ready. */
    async openUntilReady(scope: Scope): Promise<void> {
      await this.open(scope);
      await this.until(scope, "running");
    },

    /** As somebody else would bring it to rest, without anybody's being under test. */
    async rest(scope: Scope): Promise<void> {
      await this.leave(scope);
      await this.until(scope, "paused");
    },

    async until(scope: Scope, state: string): Promise<void> {
      while (seen.records.get(nameOf(scope))?.state !== state) await sleep(clock, SECOND);
    },

    /** Somebody is there from now on until the end, and gives a sign just often enough. */
    stay(scope: Scope, name = "anna", everyMs = SELDOM_MS): void {
      present.push(scope);
      const beatAgainAndAgain = async () => {
        for (;;) {
          await sleep(clock, everyMs);
          await this.beat(scope, name);
        }
      };
      world.begin(beatAgainAndAgain());
    },

    record: (scope: Scope) => seen.records.get(nameOf(scope)) ?? {},

    sandboxOf(scope: Scope): string {
      const { sandboxId } = this.record(scope);
      if (sandboxId === undefined) throw new Error(`${nameOf(scope)} has no sandbox`);
      return sandboxId;
    },

    edit(scope: Scope): void {
      world.work.editIn(this.sandboxOf(scope), scope);
    },

    tell: (name: string, data: Readonly<Record<string, unknown>>) =>
      bus.receive([{ name, data }], clock.now()),
  };
}
