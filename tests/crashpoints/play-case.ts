/**
 * Owns one case from its beginning to the verdict: the life up to its trigger, the planned faults, then time in which nothing
 * goes wrong any more, until two sweeps, a claim's end and an audit have passed, and what the rules say of it. It must
 * never judge by anything that a case was answered, but by what is so in the end.
 */
import { isAnyUnderWay } from "@/tests/sim/rules/at-the-end";
import { SHIPPED_SWEEP_EVERY_MS } from "@/tests/sim/world/profiles";
import type { Life } from "./life";
import type { Planned } from "./planned";
import { type CountedCall, type Stage, setStage } from "./stage";

export interface Played {
  readonly violations: readonly string[];
  /** Those of the clean time too, when what befell a life has made it longer. */
  readonly calls: readonly CountedCall[];
  /** How many of the planned faults there was a call for. */
  readonly befallen: number;
  readonly lines: readonly string[];
}

/** Beyond what the clean life lasts: a stall, and two retries after the latest backoffs. */
const LONGER_MS = 240_000;

export async function playCase(life: Life, faults: readonly Planned[], keptLines = 0): Promise<Played> {
  const { underTest, policy = {} } = life;
  const stage = await setStage({ underTest, faults, policy, keptLines });
  const { world, counted } = stage;
  await stage.act(() => life.before(stage));
  if (stage.isOver())
    throw new Error(`${life.name}: ${[...violationsOf(stage), ...world.troubles].join("; ")}`);
  stage.arm();
  const armedAt = world.clock.now();
  world.begin(life.trigger(stage));
  await stage.play(life.lastsMs + (faults.length === 0 ? 0 : LONGER_MS));
  const calls = [...counted];
  if (!stage.isOver()) await comeToRest(stage);
  return {
    violations: [...violationsOf(stage), ...(stage.isOver() ? [] : (life.wrong?.(stage, faults) ?? []))],
    calls: calls.map((call) => ({ ...call, at: call.at - armedAt })),
    befallen: faults.filter(({ call }) => call <= counted.length).length,
    lines: world.trace.lines,
  };
}

/** Until idleness has brought to rest what nobody uses, and whoever heals has come by twice. */
async function comeToRest(stage: Stage): Promise<void> {
  const { world, policy, seen } = stage;
  await stage.play(policy.idleAfterMs + 2 * SHIPPED_SWEEP_EVERY_MS + 2 * policy.leaseMs);
  const latest = world.clock.now() + policy.leaseMs + 2 * SHIPPED_SWEEP_EVERY_MS;
  while (!stage.isOver() && isAnyUnderWay(seen) && world.clock.now() < latest) await stage.play(5_000);
  if (!stage.isOver()) await seen.healed();
}

const violationsOf = ({ seen, world }: Stage): string[] => [
  ...world.troubles.map((what) => `threw: ${what}`),
  ...seen.violations.map(({ rule, what }) => `${rule}: ${what}`),
];
