/** The provider's list against the records, both ways: what an audit finds, what it does about it, and what it must not. */
import { describe, expect, test } from "vitest";
import { ProviderUnreachableError } from "@/lib/errors";
import { auditNow, pastGrace, scopeOf, stateOf, strayOf } from "@/tests/support/audits";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

const away = new ProviderUnreachableError("pause");

/** A preview in use for longer than orphans are left alone, and a stray beside it. */
async function withStray(labels: Readonly<Record<string, string>> = {}) {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  const stray = await strayOf(world, labels);
  await world.beatFor(world.policy.orphanGraceMs + 20 * SECOND);
  return { world, sandboxId: String(sandboxId), stray };
}

const countOf = (world: World, call: string) => world.faults.count(call);

test("where nothing is wrong an audit finds nothing: one list, one count, two scripts", async () => {
  const world = await createWorld();
  for (const project of ["a", "b", "c"]) await world.ready("v1", scopeOf(project));
  await world.leave("v1", scopeOf("c"));
  await world.advance(5 * MINUTE);
  const before = new Map(world.redis.scriptCalls);
  const lists = countOf(world, "sandboxes.listPage");

  const report = await auditNow(world);

  expect(report).toEqual({ isDryRun: false, sandboxes: 3, counts: {}, findings: [], isCutShort: false });
  expect(countOf(world, "sandboxes.listPage") - lists).toBe(1);
  expect(countOf(world, "sandboxes.count")).toBe(1);
  for (const script of ["audit-page", "audit-unseen", "record-count"]) {
    expect([script, (world.redis.scriptCalls.get(script) ?? 0) - (before.get(script) ?? 0)]).toEqual([
      script,
      1,
    ]);
  }
});

describe("an orphan", () => {
  test("is left alone while somebody may be about to name it, and paused then", async () => {
    const world = await createWorld();
    await world.ready();
    const stray = await strayOf(world);

    expect((await auditNow(world)).findings).toEqual([]);
    expect(stateOf(world, stray)).toBe("running");
    await world.beatFor(world.policy.orphanGraceMs + 20 * SECOND);
    const report = await auditNow(world);

    expect(report.findings).toEqual([{ kind: "orphan-paused", sandboxId: stray, scope }]);
    expect(stateOf(world, stray)).toBe("paused");
    expect((await world.record()).state).toBe("running");
  });

  test("of which nobody remembers that it was never named is kept, paused, however often it is audited", async () => {
    const { world, stray } = await withStray();
    await auditNow(world);
    await world.advance(3 * HOUR);

    const report = await auditNow(world);

    expect(report.findings).toEqual([]);
    expect(stateOf(world, stray)).toBe("paused");
  });

  test("whose making is remembered and whose naming never was is killed", async () => {
    const world = await createWorld();
    // The answer of the create is lost, and the list does not show it yet when it is tried again.
    world.faults.plan("sandboxes.create", {
      kind: "error-after",
      error: new ProviderUnreachableError("create"),
    });
    const find = world.runtime.sandboxes.find;
    Object.assign(world.runtime, { sandboxes: { ...sandboxesOf(world), find: async () => [] } });
    const { sandboxId } = await world.ready();
    Object.assign(world.runtime, { sandboxes: { ...sandboxesOf(world), find } });
    const [stray] = world.sandboxes().filter((view) => view.sandboxId !== sandboxId);
    expect(stray).toBeDefined();
    await world.beatFor(world.policy.orphanGraceMs + 20 * SECOND);

    const report = await auditNow(world);

    expect(report.findings).toMatchObject([{ kind: "orphan-killed", sandboxId: stray?.sandboxId }]);
    expect(world.sandboxes().map((view) => view.sandboxId)).toEqual([sandboxId]);
    expect(stateOf(world, String(sandboxId))).toBe("running");
  });

  test("that could not be paused is paused by the next pass", async () => {
    const { world, stray } = await withStray();
    world.faults.plan("sandboxes.pause", { kind: "error-before", error: away });

    expect((await auditNow(world)).findings).toEqual([]);
    expect((await auditNow(world)).findings).toMatchObject([{ kind: "orphan-paused", sandboxId: stray }]);
  });

  test("is not stopped while everything is held", async () => {
    const { world, stray } = await withStray();
    await world.finish(() =>
      world.runtime.fleet.turn("hold-everything", { on: true, by: "ops", why: "a look" }),
    );

    expect((await auditNow(world)).findings).toEqual([]);
    expect(stateOf(world, stray)).toBe("running");
  });

  test("is not stopped by a pass that has stopped as many as it may", async () => {
    const world = await createWorld({ policy: { auditMostStops: 2 } });
    await world.ready();
    for (let index = 0; index < 5; index += 1) await strayOf(world);
    await world.beatFor(world.policy.orphanGraceMs + 20 * SECOND);

    const first = await auditNow(world);
    const second = await auditNow(world);
    const third = await auditNow(world);

    expect([first, second, third].map(({ counts }) => counts["orphan-paused"])).toEqual([2, 2, 1]);
    expect([first, second, third].map(({ isCutShort }) => isCutShort)).toEqual([true, true, false]);
  });
});

test("a dry run changes nothing, and says what a real one does", async () => {
  const { world, stray } = await withStray();
  const lost = scopeOf("lost");
  const lostId = await strayOf(world, {}, lost);
  await world.ready("v1", scopeOf("gone"));
  const gone = (await world.status(scopeOf("gone"))).sandboxId;
  await world.cloud.kill(String(gone));
  const named = () => world.redis.command("ZRANGE", "rekindle:test:named", "0", "-1", "WITHSCORES");
  const before = await named();

  const dry = await auditNow(world, { isDryRun: true });

  expect(await named()).toEqual(before);
  expect(stateOf(world, stray)).toBe("running");
  expect((await world.record(lost)).state).toBe("absent");
  expect((await world.record(scopeOf("gone"))).state).toBe("running");
  const real = await auditNow(world);
  expect(dry.counts).toEqual({ "orphan-paused": 1, rebuilt: 1, vanished: 1 });
  expect(real.counts).toEqual(dry.counts);
  expect(stateOf(world, lostId)).not.toBe("gone");
});

test("a sandbox of another app or environment is never touched, nor one whose labels are not its preview's", async () => {
  const world = await createWorld();
  await world.ready();
  const strangers = [
    await strayOf(world, { app: "other" }),
    await strayOf(world, { env: "other" }),
    await strayOf(world, { previewId: "0123456789abcdef01234567" }),
    await strayOf(world, { projectId: "no such id" }),
  ];
  await pastGrace(world);

  const { findings } = await auditNow(world);

  expect(
    findings
      .filter(({ kind }) => kind === "unreadable")
      .map(({ sandboxId }) => sandboxId)
      .sort(),
  ).toEqual(strangers.slice(2).sort());
  expect(strangers.map((id) => stateOf(world, id))).toEqual(["running", "running", "running", "running"]);
});

test("what runs beside us is counted, and is not there to be shared out", async () => {
  const world = await createWorld();
  await world.ready();
  await strayOf(world, { app: "other" });
  await strayOf(world, { app: "other" });

  await auditNow(world);

  expect((await world.runtime.fleet.state()).foreign).toBe(2);
});

describe("a sandbox that the provider has lost", () => {
  test("expires its preview, by a fresh answer and not by its absence from the list", async () => {
    const world = await createWorld();
    const { sandboxId } = await world.ready();
    await world.leave();
    await world.advance(5 * MINUTE);
    await world.cloud.kill(String(sandboxId));

    const report = await auditNow(world);

    expect(report.findings).toEqual([{ kind: "vanished", sandboxId, scope }]);
    expect(await world.record()).toMatchObject({ state: "expired", reason: "sandbox-gone" });
    expect((await auditNow(world)).findings).toEqual([]);
  });

  test("and that only the list does not show is left as it is", async () => {
    const world = await createWorld();
    const { sandboxId } = await world.ready();
    await world.leave();
    await world.advance(5 * MINUTE);
    const listPage = async () => ({ sandboxes: [] });
    Object.assign(world.runtime, { sandboxes: { ...sandboxesOf(world), listPage } });

    expect((await auditNow(world)).findings).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", sandboxId });
  });
});

test("a sandbox that somebody resumed outside is brought to rest", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  await world.cloud.connect(String(sandboxId), 3600);

  const report = await auditNow(world);

  expect(report.findings).toEqual([{ kind: "looked-at", sandboxId, scope }]);
  expect(world.running()).toEqual([]);
});

test("a timeout that somebody else changed is taken over into the record", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  world.cloud.setTimeout(String(sandboxId), 3_000);

  await auditNow(world);

  const [sandbox] = world.running();
  expect(await world.record()).toMatchObject({ state: "running", endsAt: sandbox?.endAt });
});

test("the cron's audit goes page by page in durable steps, and a dead worker's goes on", async () => {
  const { world, stray } = await withStray();
  world.faults.plan("audits.condemnOrphan", { kind: "die-after" });
  const minutesPast = Math.floor(world.clock.now() / MINUTE) % 60;

  await world.advance((77 - minutesPast) * MINUTE);

  const runs = world.runsOf("audit-sandboxes");
  expect(runs.at(-1)?.status).toBe("Completed");
  expect(stateOf(world, stray)).toBe("paused");
  expect(world.sandboxes()).toHaveLength(2);
});

test("an operator's event audits at once, dry where it says so", async () => {
  const { world, stray } = await withStray();

  world.emit("preview/audit.requested", { data: { isDryRun: true } });
  await world.advance(10 * SECOND);
  expect(stateOf(world, stray)).toBe("running");
  world.emit("preview/audit.requested");
  await world.advance(10 * SECOND);

  expect(stateOf(world, stray)).toBe("paused");
  const [first] = world.runsOf("audit-sandboxes").slice(-2);
  expect(first?.steps.map(({ name }) => name)).toEqual(["page-0", "mend-0-0", "unseen-0"]);
});

/** The world's own ports, with their faults, as an object that can be spread. */
function sandboxesOf(world: World) {
  const { sandboxes } = world.runtime;
  return {
    create: sandboxes.create,
    connect: sandboxes.connect,
    reboot: sandboxes.reboot,
    observe: sandboxes.observe,
    extend: sandboxes.extend,
    pause: sandboxes.pause,
    kill: sandboxes.kill,
    find: sandboxes.find,
    listPage: sandboxes.listPage,
    count: sandboxes.count,
    snapshotsOf: sandboxes.snapshotsOf,
    deleteSnapshot: sandboxes.deleteSnapshot,
    writeFiles: sandboxes.writeFiles,
    readFiles: sandboxes.readFiles,
    run: sandboxes.run,
    startInBackground: sandboxes.startInBackground,
  };
}
