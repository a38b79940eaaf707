/**
 * Owns what people and agents may do with a preview for some hours, as commands in any order, and what a person would
 * remember of it: who gave which sign when, and who held it from when until when. It must never ask Rekindle what it
 * remembers. Cannot fail by itself; what an operation throws is thrown.
 */
import fc from "fast-check";
import { MINUTE, SECOND, scope, type World } from "@/tests/support/world";

export type Use =
  | { readonly kind: "beat" | "open" | "leave"; readonly viewer: string }
  | { readonly kind: "activity"; readonly agoMs: number }
  | { readonly kind: "hold"; readonly key: string; readonly maxMs: number }
  | { readonly kind: "release"; readonly key: string }
  | { readonly kind: "sweep" }
  | { readonly kind: "advance"; readonly ms: number };

const viewer = fc.constantFrom("v1", "v2");
const key = fc.constantFrom("a", "b");
const kind = <K extends Use["kind"]>(name: K) => fc.constant(name);

const use: fc.Arbitrary<Use> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: kind("advance"), ms: fc.integer({ min: SECOND, max: 4 * MINUTE }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: kind("beat"), viewer }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("open"), viewer }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("leave"), viewer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("activity"),
      agoMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * MINUTE })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind("hold"),
      key,
      maxMs: fc.integer({ min: MINUTE, max: 20 * MINUTE }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("release"), key }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("sweep") }) },
);

/** About two hours. */
export const uses = fc.array(use, { minLength: 110, maxLength: 160 });

interface Sign {
  /** When somebody was active. */
  readonly at: number;
  /** From when on Rekindle has to know of it. */
  readonly knownAt: number;
  readonly viewer: string | undefined;
  /** When this viewer said that they went away. */
  leftAt: number;
}

interface HoldSpan {
  readonly key: string;
  readonly from: number;
  until: number;
}

export interface Memory {
  readonly signs: Sign[];
  readonly holds: HoldSpan[];
}

/** An event is gathered with others for so long at most, and then a step is on its way. */
const eventTakesMs = ({ policy }: World): number => policy.extendAtLatestMs + 5 * SECOND;

/** Does it, without what passes of time by itself, and remembers it. */
export async function doOnce(
  world: World,
  memory: Memory,
  act: Exclude<Use, { kind: "advance" }>,
): Promise<void> {
  const now = world.clock.now();
  switch (act.kind) {
    case "beat":
      await world.beat(act.viewer);
      memory.signs.push({ at: now, knownAt: now, viewer: act.viewer, leftAt: NEVER });
      return;
    case "open":
      await world.open(act.viewer);
      memory.signs.push({ at: now, knownAt: now, viewer: act.viewer, leftAt: NEVER });
      return;
    case "leave":
      rememberLeaving(memory, act.viewer, now);
      await world.leave(act.viewer);
      return;
    case "activity":
      world.emit("user/active", { ts: now - act.agoMs });
      rememberActivity(world, memory, now - act.agoMs);
      return;
    case "hold": {
      const { endsAt } = await world.finish(() => world.rekindle.hold(scope, act));
      const isHeld = memory.holds.some(({ key: held, until }) => held === act.key && until > now);
      if (!isHeld) memory.holds.push({ key: act.key, from: world.clock.now(), until: endsAt });
      return;
    }
    case "release":
      rememberRelease(memory, act.key, now);
      await world.finish(() => world.rekindle.release(scope, act.key));
      return;
    case "sweep":
      await world.finish(() => world.rekindle.requestSweep());
      return;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

function rememberLeaving({ signs }: Memory, who: string, now: number): void {
  for (const sign of signs) if (sign.viewer === who) sign.leftAt = Math.min(sign.leftAt, now);
}

function rememberRelease({ holds }: Memory, held: string, now: number): void {
  for (const span of holds) if (span.key === held) span.until = Math.min(span.until, now);
}

/** One that is older than another of the same moment gives way to it, and is told of by it. */
function rememberActivity(world: World, { signs }: Memory, at: number): void {
  if (signs.some((sign) => sign.at > at)) return;
  signs.push({ at, knownAt: world.clock.now() + eventTakesMs(world), viewer: undefined, leftAt: NEVER });
}
