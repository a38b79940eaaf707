/**
 * Owns one case of the table: makes the second act happen at one point of the first, lets the world settle, and says how
 * it ended and which of the rules that hold in every case are broken. It must never forgive what the table does not.
 */
import { describe, expect, test } from "vitest";
import { RekindleError } from "@/lib/errors";
import { type PreviewRecord, sandboxOf } from "@/lib/preview/record";
import { MINUTE, SECOND, type World } from "@/tests/support/world";
import { atMost, begin, carryOut, idleMs } from "./acts";
import { longestMs, type Point, pointsOf } from "./points";
import { brokenRules } from "./rules";
import { worldIn } from "./starts";
import type { Act, Ending, Row, Wish } from "./table";

/** One test for each cell of these rows. */
export function testWishes(rows: readonly Row[]): void {
  const cells = rows.flatMap((row) =>
    acts.flatMap((second) => {
      const wish = row.wishes[second];
      return wish ? [{ title: `${row.first} in ${row.in}, then ${second}`, row, second, wish }] : [];
    }),
  );
  describe.each(cells)("$title", ({ row, second, wish }) => {
    test(`${wish.ends}: ${wish.because}`, () => expectWish(row, second, wish));
  });
}

const acts: readonly Act[] = ["open", "beat", "left", "idle", "hold", "renewal", "kill", "extension"];

async function expectWish(row: Row, second: Act, wish: Wish): Promise<void> {
  for (const point of await knownPointsOf(row)) {
    const where = point.kind === "before" ? `before ${point.call}, call ${point.number}` : "afterwards";
    const { ends, wasAtRest, broken } = await drive(row, second, point);
    const wished = (wasAtRest && wish.onceAtRest) || (ends === wish.heldUp && wish.heldUp) || wish.ends;
    expect({ where, ends, broken }, wish.because).toEqual({ where, ends: wished, broken: [] });
  }
}

const knownPoints = new Map<Row, Promise<Point[]>>();

/** They are the same for every cell of a row. */
function knownPointsOf(row: Row): Promise<Point[]> {
  const points = knownPoints.get(row) ?? pointsOf(row);
  knownPoints.set(row, points);
  return points;
}

interface Driven {
  /** A state of the record that is no ending is broken by itself. */
  readonly ends: Ending | PreviewRecord["state"] | "running in name only";
  readonly wasAtRest: boolean;
  readonly broken: readonly string[];
}

async function drive(row: Row, second: Act, point: Point): Promise<Driven> {
  const world = await worldIn(row.in);
  const start = await world.record();
  const jobsBefore = world.machines.startedJobs.length;
  const killed = killsOf(world);
  const refusals: unknown[] = [];
  const watch = (work: Promise<unknown>) => work.catch((error: unknown) => refusals.push(error));

  let between: PreviewRecord | undefined;
  let isDone = false;
  const comeBetween = async () => {
    world.faults.interpose(undefined);
    between = await world.record();
    await atMost(world, second, watch(carryOut(world, second)));
    isDone = true;
  };
  let calls = 0;
  world.faults.interpose(async () => {
    calls += 1;
    if (point.kind === "before" && calls === point.number) await comeBetween();
  });
  watch(begin(world, row.first));
  await world.advance(longestMs(world, row.first));
  if (point.kind === "afterwards") {
    watch(world.begin(comeBetween));
    await world.advance(SECOND);
  }
  await world.advance(second === "idle" ? idleMs(world) : 10 * SECOND);
  if (!between || !isDone) throw new Error("the second act has not come between");

  const ends = await settled(world, isSomebodyThere(row, second));
  const broken = await brokenRules(world, {
    isKilled: [row.first, second].includes("kill"),
    startedWith: row.in === "failed" ? undefined : sandboxOf(start),
    jobsBefore,
    killed,
    epochs: [start.epoch, between.epoch],
  });
  const strange = refusals.filter((refusal) => !(refusal instanceof RekindleError));
  const wasAtRest = between.state === "paused" || between.state === "expired";
  return { ends, wasAtRest, broken: [...broken, ...strange.map((error) => `refused with ${error}`)] };
}

/** The sandboxes that are killed from now on. */
function killsOf({ cloud }: World): readonly string[] {
  const killed: string[] = [];
  const kill = cloud.kill.bind(cloud);
  cloud.kill = (sandboxId) => {
    killed.push(sandboxId);
    return kill(sandboxId);
  };
  return killed;
}

/** Whether the person gives signs of life after both. */
function isSomebodyThere({ first, in: start }: Row, second: Act): boolean {
  let isThere = start === "running" || start === "near-end";
  for (const act of [first, second]) {
    if (act === "open" || act === "beat") isThere = true;
    if (act === "left" || act === "idle") isThere = false;
  }
  return isThere;
}

/** Time passes, with the signs of life of who is there, until all that could still come of it has come. */
async function settled(world: World, isThere: boolean): Promise<Driven["ends"]> {
  const { policy } = world;
  if (isThere) {
    // A claim's end and one sweep: no worker dies here.
    for (let passedMs = 0; passedMs < policy.leaseMs + 5 * MINUTE; passedMs += 3.5 * MINUTE) {
      await world.beat();
      await world.advance(3.5 * MINUTE);
    }
    return endingOf(world);
  }
  // The grace, and one sweep.
  await world.advance(policy.graceAfterLeftMs + policy.healAfterMs + 5 * MINUTE);
  const soon = await endingOf(world);
  if (soon !== "running") {
    await world.advance(5 * MINUTE);
    return endingOf(world);
  }
  await world.advance(policy.idleAfterMs + policy.healAfterMs);
  const late = await endingOf(world);
  return late === "resting" ? "running-a-while" : late;
}

async function endingOf(world: World): Promise<Driven["ends"]> {
  const record = await world.record();
  switch (record.state) {
    case "running":
      return world.machines.serverAnswers(record.sandboxId) ? "running" : "running in name only";
    case "paused":
    case "expired":
      return "resting";
    default:
      return record.state;
  }
}
