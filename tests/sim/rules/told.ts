/**
 * Owns that signs of life are told on: of a running preview whose beats are accepted, an event goes out at least at the
 * policy's pace, or neither the provider's end nor the idle watch would follow them. While Inngest takes nothing none can;
 * the next beat after it must. Nothing is said where a beat itself was disturbed since the last one. A return during a pause
 * is written down as a wish, whatever becomes of the pause.
 */
import type { Scope } from "@/lib/ids";
import type { World } from "../world/world";
import { nameOf, type Rule, type Watch } from "./watch";

/** Of calls that nothing befalls, and of the sending process's clock. */
const SLACK_MS = 12_000;

interface Told {
  readonly at: number;
  readonly faults: number;
}

export interface SignsTold {
  /** A beat begins; what is returned is to be called when it has ended. */
  beat(scope: Scope): (isAnswered: boolean) => void;
  readonly rule: Rule;
}

export function signsAreTold(
  world: World,
  watch: Watch,
  past: () => readonly { readonly name: string; readonly data: Record<string, unknown> }[],
): SignsTold {
  const told = new Map<string, Told>();
  /** How many beats of each preview have begun and not ended. */
  const open = new Map<string, number>();
  let seenEvents = 0;
  let about = "";
  /** Each may take the slot for the next event, and nobody is there to send it. */
  let lateTouches = 0;
  const faults = () => faultsOf(world) + lateTouches;
  world.onApplied((site, of, isLate) => {
    if (site.startsWith("redis.")) about = of;
    if (isLate && site === "redis.touch") lateTouches += 1;
  });
  const tell = (name: string) => told.set(name, { at: world.clock.now(), faults: faults() });
  const hearEvents = () => {
    for (const { name, data } of past().slice(seenEvents))
      if (name === "user/active") tell(`${data.projectId}/${data.userId}`);
    seenEvents = past().length;
  };
  const judge = (name: string) => {
    hearEvents();
    const last = told.get(name);
    if (watch.records.get(name)?.state !== "running" || last?.faults !== faults()) return;
    const sinceMs = world.clock.now() - last.at;
    if (sinceMs > world.policy.emitEveryMs + SLACK_MS)
      watch.report("told", `a beat of ${name} was accepted, and the last that was told is ${sinceMs} ms old`);
  };
  return {
    beat(scope) {
      const name = nameOf(scope);
      const untakenBefore = untakenOf(world);
      open.set(name, (open.get(name) ?? 0) + 1);
      return (isAnswered) => {
        const others = (open.get(name) ?? 1) - 1;
        open.set(name, others);
        // Another one may be about to tell; and what this one could not tell the next one has to.
        if (isAnswered && others === 0 && untakenBefore === untakenOf(world)) judge(name);
      };
    },
    rule: {
      name: "told",
      seen({ scope, before, after, site }) {
        // Whoever brings it to run tells of it.
        if (before.state !== "running" && after.state === "running") tell(nameOf(scope));
        const isBeat = site === "redis.touch" && about.startsWith("beat ");
        // What was lost with acknowledged writes is no answer to this beat.
        const isAsLeft = world.losses.count === 0;
        const mayReturn = !world.asks.some(
          (ask) => ask.name === "suspend" && ask.scope.userId === scope.userId,
        );
        if (isBeat && isAsLeft && before.state === "pausing" && after.wanted !== "running" && mayReturn)
          watch.report(
            "told",
            `somebody returned to ${nameOf(scope)} while it was paused, and is not written down`,
          );
      },
      moment: hearEvents,
    },
  };
}

/** Of events that Inngest did not take. */
function untakenOf({ calls }: World): number {
  return untaken.reduce((sum, key) => sum + (calls.befallen.get(key) ?? 0), 0);
}

const untaken = ["outage", "error-before", "error-after", "malformed", "late"].map(
  (fault) => `events.send ${fault}`,
);

/**
 * All that can keep a sign from being told, but for events that were not taken: whoever beats is told of those, and gives
 * the slot back. What befalls other calls befalls other work.
 */
function faultsOf({ calls }: World): number {
  let faults = 0;
  for (const [key, count] of calls.befallen) if (isInTheWay(key)) faults += count;
  return faults;
}

const isInTheWay = (key: string): boolean => key.startsWith("redis.touch ") || inTheWay.has(key);

const inTheWay = new Set([
  "events.send crash-before",
  "events.send crash-after",
  "events.send stall",
  "world deploy",
  "world lost-writes",
  "world other-version",
  "world other-version-over",
]);
