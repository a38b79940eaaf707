/**
 * All or the last of Redis is lost: within two audits every sandbox has its record again, none that runs is lost, none is
 * doubled, and what is claimed from then on is above all that was ever given.
 */
import { describe, expect, test } from "vitest";
import type { Scope } from "@/lib/ids";
import { auditNow, scopeOf, stateOf, strayOf } from "@/tests/support/audits";
import { createWorld, HOUR, MINUTE, SECOND, type World } from "@/tests/support/world";

const [one, two] = [scopeOf("one"), scopeOf("two")];

/** One that runs and one that rests, both with epochs that a new record would not have by itself. */
async function twoPreviews() {
  const world = await createWorld();
  await world.ready("v1", one);
  await world.ready("v1", two);
  await world.leave("v1", two);
  await world.advance(3 * MINUTE);
  await world.beat("v1", one);
  const ids = world.sandboxes().map(({ sandboxId }) => sandboxId);
  return { world, ids };
}

const jobsOf = (world: World) => world.machines.startedJobs.length;
const epochIn = (world: World, of: Scope) =>
  Math.max(
    ...world
      .sandboxes()
      .filter(({ metadata }) => metadata.projectId === of.projectId)
      .map(({ metadata }) => Number(metadata.epoch)),
  );

test("an audit makes every record anew: what runs is running and lives on, what rests is at rest, nothing is doubled", async () => {
  const { world, ids } = await twoPreviews();
  const [jobs, creates] = [jobsOf(world), world.faults.count("sandboxes.create")];
  const ends = world.running().map(({ endAt }) => endAt);
  await world.redisEngine.loseEverything();

  const first = await auditNow(world);
  const second = await auditNow(world);

  expect(first.counts).toEqual({ rebuilt: 2 });
  expect(second.counts).toEqual({});
  expect(await world.record(one)).toMatchObject({ state: "running", reason: "adopted", cameBack: "warm" });
  expect(await world.record(two)).toMatchObject({ state: "paused", reason: "adopted" });
  for (const of of [one, two]) expect((await world.record(of)).epoch).toBeGreaterThan(epochIn(world, of));
  expect(
    world
      .sandboxes()
      .map(({ sandboxId }) => sandboxId)
      .sort(),
  ).toEqual([...ids].sort());
  expect([jobsOf(world), world.faults.count("sandboxes.create")]).toEqual([jobs, creates]);
  expect(world.running().every(({ endAt }) => endAt > Math.max(...ends))).toBe(true);
});

test("who was in a preview while all was lost goes on in it, and it rests when they leave", async () => {
  const { world } = await twoPreviews();
  await world.redisEngine.loseEverything();
  await auditNow(world);

  await world.beatFor(25 * MINUTE, "v1", one);
  expect(await world.record(one)).toMatchObject({ state: "running" });
  await world.leave("v1", one);
  await world.advance(20 * MINUTE);

  expect(world.running()).toEqual([]);
});

test("one that rests comes back as it was paused, though its record was lost in the meantime", async () => {
  const { world } = await twoPreviews();
  const jobs = jobsOf(world);
  await world.redisEngine.loseEverything();
  await auditNow(world);
  await world.advance(HOUR);

  await world.ready("v2", two);

  expect(await world.record(two)).toMatchObject({ state: "running", cameBack: "resumed" });
  expect(jobsOf(world)).toBe(jobs);
  expect(world.sandboxes()).toHaveLength(2);
});

describe.each([
  ["running", one],
  ["resting", two],
] as const)("an open of one that was %s, before any audit", (_how, of) => {
  test("goes on with it and boots nothing, and later epochs are above", async () => {
    const { world, ids } = await twoPreviews();
    const jobs = jobsOf(world);
    const highest = epochIn(world, of);
    await world.redisEngine.loseEverything();

    await world.ready("v2", of);

    expect(await world.record(of)).toMatchObject({ state: "running", cameBack: "resumed" });
    expect(jobsOf(world)).toBe(jobs);
    expect(
      world
        .sandboxes()
        .map(({ sandboxId }) => sandboxId)
        .sort(),
    ).toEqual([...ids].sort());
    await world.leave("v2", of);
    await world.advance(5 * MINUTE);
    expect((await world.record(of)).epoch).toBeGreaterThan(highest);
    await auditNow(world);
    await auditNow(world);
    expect(world.sandboxes()).toHaveLength(2);
  });
});

test("a start that was half done when all was lost is finished for who waits", async () => {
  const world = await createWorld();
  await world.open("v1", one);
  await world.until(() => world.running().length === 1);
  await world.advance(4 * SECOND);
  await world.redisEngine.loseEverything();
  await world.advance(MINUTE);

  const report = await auditNow(world);
  await world.until(async () => (await world.record(one)).state === "running");

  expect(report.counts).toEqual({ rebuilt: 1 });
  expect(world.sandboxes()).toHaveLength(1);
});

test("one that runs is taken before one that rests, whatever was made later", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready("v1", one);
  const later = await strayOf(world, { epoch: "9" }, one);
  await world.cloud.pause(later);
  await world.redisEngine.loseEverything();

  await auditNow(world);

  expect(await world.record(one)).toMatchObject({ state: "running", sandboxId });
  expect((await world.record(one)).epoch).toBeGreaterThan(9);
  expect(stateOf(world, later)).toBe("paused");
});

test("a dead worker at any call of the audit, and another audit, leave the same", async () => {
  const calls = await callsOfAudit();
  expect(calls.length).toBeGreaterThan(12);
  // Each kind of call once: what comes between two of a kind is read, or written by one of the others.
  for (const index of calls.keys()) {
    if (calls.indexOf(String(calls[index])) !== index) continue;
    const { world, ids, jobs } = await lostOf(two);
    let seen = 0;
    world.faults.interpose(async () => {
      seen += 1;
      if (seen !== index + 1) return;
      world.faults.interpose(undefined);
      await world.faults.die();
    });
    await auditNow(world).catch(() => undefined);
    world.faults.interpose(undefined);
    await world.advance(world.policy.leaseMs + 6 * MINUTE);
    await auditNow(world);
    await world.advance(MINUTE);

    const { state } = await world.record(two);
    expect({
      call: calls[index],
      state,
      ids: world.sandboxes().map(({ sandboxId }) => sandboxId),
      jobs: jobsOf(world),
    }).toEqual({
      call: calls[index],
      state: "running",
      ids,
      jobs,
    });
  }
});

async function lostOf(of: Scope) {
  const world = await createWorld();
  await world.ready("v1", of);
  await world.redisEngine.loseEverything();
  return { world, ids: world.sandboxes().map(({ sandboxId }) => sandboxId), jobs: jobsOf(world) };
}

async function callsOfAudit(): Promise<string[]> {
  const { world } = await lostOf(two);
  const calls: string[] = [];
  world.faults.interpose(async (call) => {
    calls.push(call);
  });
  await auditNow(world);
  return calls;
}

describe("the last acknowledged writes are lost", () => {
  /** At each point of a start, what was written since the beginning of the start is taken back. */
  test("in a start, at any of its writes: two audits and an open leave one sandbox, and nothing that ran was killed", async () => {
    for (const writes of [1, 3, 6, 10, 14, 40]) {
      const world = await createWorld();
      const marks = await journalOf(world);
      await world.ready("v1", one);
      const [sandbox] = world.running();
      await marks.rollBack(writes);
      await world.advance(world.policy.orphanGraceMs);
      await auditNow(world);
      await auditNow(world);
      await world.ready("v2", one);
      await auditNow(world);

      expect({ writes, ids: world.sandboxes().map(({ sandboxId }) => sandboxId) }).toEqual({
        writes,
        ids: [sandbox?.sandboxId],
      });
      expect(await world.record(one)).toMatchObject({ state: "running" });
    }
  });

  test("in a rest: the sandbox is not killed, and what is claimed later is above its label", async () => {
    for (const writes of [1, 6]) {
      const world = await createWorld();
      await world.ready("v1", one);
      const marks = await journalOf(world);
      await world.leave("v1", one);
      await world.advance(5 * MINUTE);
      const ids = world.sandboxes().map(({ sandboxId }) => sandboxId);
      await marks.rollBack(writes);

      await auditNow(world);
      await world.advance(HOUR);
      await auditNow(world);

      expect({ writes, ids: world.sandboxes().map(({ sandboxId }) => sandboxId) }).toEqual({ writes, ids });
      expect(world.running()).toEqual([]);
      expect((await world.record(one)).state).toBe("paused");
      await world.ready("v2", one);
      expect((await world.record(one)).epoch).toBeGreaterThan(epochIn(world, one));
    }
  });
});

/** Every script call of this world from now on can be taken back, the last first. */
async function journalOf(world: World) {
  const marks: Awaited<ReturnType<World["redisEngine"]["mark"]>>[] = [];
  const { execute } = world.redisEngine;
  Object.assign(world.redisEngine, {
    execute: async (command: Parameters<typeof execute>[0]) => {
      const mark = await world.redisEngine.mark();
      const reply = await execute.call(world.redisEngine, command);
      if (await mark.hasChanged()) marks.push(mark);
      else mark.release();
      return reply;
    },
  });
  return {
    async rollBack(count: number): Promise<void> {
      const mark = marks.at(-count) ?? marks[0];
      await mark?.restore();
      marks.length = 0;
    },
  };
}
