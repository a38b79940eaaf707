/**
 * Owns the rules that hold at rest after any two acts, whatever they were (anchors.md §2.2, I1 to I7), and names those that
 * are broken. It must never move the clock.
 */
import { keptUntil } from "@/lib/preview/decide";
import { sandboxOf } from "@/lib/preview/record";
import { scope, type World } from "@/tests/support/world";

export interface Known {
  /** A sandbox was taken away from outside. */
  readonly isKilled: boolean;
  /** The sandbox whose memory has to be kept. */
  readonly startedWith: string | undefined;
  readonly jobsBefore: number;
  readonly killed: readonly string[];
  /** In the order in which they were read. */
  readonly epochs: readonly number[];
}

export async function brokenRules(world: World, known: Known): Promise<string[]> {
  const record = await world.record();
  const broken: string[] = [];
  const holds = (isTrue: boolean, otherwise: string) => {
    if (!isTrue) broken.push(otherwise);
  };
  const isRunning = record.state === "running";
  const named = sandboxOf(record);
  const member = `${scope.projectId}/${scope.userId}`;
  const dueAt = await world.redis.command("ZSCORE", "rekindle:test:due", member);
  const epochs = [...known.epochs, record.epoch];

  holds(record.leaseId === undefined, "a claim is left");
  holds(
    (record.wanted === "running") === isRunning,
    `${record.wanted} is wanted of one that is ${record.state}`,
  );
  holds(
    world.running().every(({ sandboxId }) => isRunning && sandboxId === named),
    "a sandbox runs that nobody uses",
  );
  const retainedUntil = record.state === "paused" ? keptUntil(record, world.policy) : undefined;
  const restDue = dueAt === null ? undefined : Number(dueAt);
  if (isRunning) holds(dueAt !== null, "nobody watches over it");
  else holds(restDue === retainedUntil, "one that rests is looked at before its retention is over");
  const placeUntil = Number((await world.redis.command("ZSCORE", "rekindle:test:places", member)) ?? 0);
  holds(
    placeUntil > world.clock.now() === isRunning,
    isRunning ? "it runs without a place" : "it rests and keeps its place",
  );
  holds(String(epochs) === String(epochs.toSorted((left, right) => left - right)), `epochs ${epochs}`);
  if (known.isKilled) return broken;
  const entries = await world.store.history(scope, world.policy.historyEntries);
  const committed = entries.flatMap((entry) =>
    entry.kind === "moved" && entry.to === "running" ? [entry.sandboxId] : [],
  );
  holds(!known.killed.some((id) => committed.includes(id)), "one that was committed was killed");
  holds(world.sandboxes().length <= 1, "more than one sandbox is left");
  if (known.startedWith === undefined) return broken;
  holds(named === known.startedWith, "it has another sandbox");
  holds(world.machines.startedJobs.length === known.jobsBefore, "its memory was given up");
  return broken;
}
