/** Workers that die, answers that are lost, and workers that come back too late. */
import { describe, expect, test } from "vitest";
import { ProviderUnreachableError, StoreUnreachableError } from "@/lib/errors";
import { parseLeaseId, sandboxIdSchema } from "@/lib/ids";
import { createWorld, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

/** A claim, then two sweeps. */
const LEASE_AND_TWO_SWEEPS = 90 * SECOND + 2 * 5 * MINUTE + MINUTE;
const lostAnswer = new ProviderUnreachableError("create");

test("a worker that dies right after its claim is followed by another, which goes on", async () => {
  const world = await createWorld();
  world.faults.plan("store.renewLease", { kind: "die-before" });

  await world.open();
  await world.until(async () => (await world.record()).state === "running");

  expect(world.faults.count("sandboxes.create")).toBe(1);
});

test("a route that dies after its claim, before anybody was told, is followed by the sweep", async () => {
  const world = await createWorld();
  // The claim is granted, and the route's process ends before the event was sent.
  world.faults.plan("store.claim", { kind: "die-after" });
  await expect(world.open()).rejects.toThrow();

  await world.advance(LEASE_AND_TWO_SWEEPS);

  expect(["running", "paused"]).toContain((await world.record()).state);
  expect(world.faults.count("sandboxes.create")).toBe(1);
});

test("a sandbox whose creation was not answered is adopted, not doubled", async () => {
  const world = await createWorld();
  world.faults.plan("sandboxes.create", { kind: "error-after", error: lostAnswer });

  await world.ready();

  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.sandboxes()).toHaveLength(1);
  expect((await world.status()).sandboxId).toBe(world.sandboxes()[0]?.sandboxId);
});

test("a worker that dies between creation and commit leaves one sandbox, which the next adopts", async () => {
  const world = await createWorld();
  world.faults.plan("sandboxes.create", { kind: "die-after" });

  await world.ready();

  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.sandboxes()).toHaveLength(1);
});

test("a creation that takes effect after its repetition leaves a surplus, which is paused and never committed", async () => {
  const world = await createWorld();
  await createdBehindTheBack(world);
  await createdBehindTheBack(world);

  await world.ready();

  const { sandboxId } = await world.status();
  expect(world.faults.count("sandboxes.create")).toBe(0);
  expect(world.running().map((view) => view.sandboxId)).toEqual([sandboxId]);
  expect(world.sandboxes()).toHaveLength(2);
});

test("a preview comes back after its sandbox is gone, though a surplus was condemned before", async () => {
  const world = await createWorld();
  await createdBehindTheBack(world);
  await createdBehindTheBack(world);
  const { sandboxId } = await world.ready();
  const [surplus] = world.sandboxes().filter((view) => view.sandboxId !== sandboxId);
  await world.leave();
  await world.advance(5 * MINUTE);
  await world.cloud.kill(String(sandboxId));

  await world.ready("v2");

  const view = await world.status();
  expect(view.state).toBe("running");
  expect(view.sandboxId).not.toBe(surplus?.sandboxId);
  expect(world.running().map((running) => running.sandboxId)).toEqual([view.sandboxId]);
});

test("a condemned sandbox is refused by every commit", async () => {
  const world = await createWorld();
  await world.ready();
  const other = sandboxIdSchema.parse("icondemned0000000000000");
  const leaseId = parseLeaseId("late-worker");
  await world.store.condemn(scope, other);
  const claimed = await world.store.claim(scope, { kind: "settle", leaseId });
  if (claimed.kind !== "granted") throw new Error(claimed.kind);

  const reply = await world.store.commit(claimed.lease, {
    operation: "late",
    claim: "release",
    set: { sandboxId: other },
    check: "never",
  });

  expect(reply.kind).toBe("condemned");
  expect(await world.status()).not.toMatchObject({ sandboxId: other });
});

test("who takes over finds the install that runs, and starts it no second time", async () => {
  const world = await createWorld({ project: { installMs: 4 * MINUTE } });
  await world.open();
  await world.until(async () => (await world.record()).phase === "install");
  await world.advance(10 * SECOND);
  // The run is cut off from the world for longer than its claim holds.
  const [run] = world.runsOf("open-preview");
  world.faults.plan("store.renewLease", { kind: "stall", ms: 10 * MINUTE });

  await world.until(async () => (await world.record()).state === "running", 20 * MINUTE);
  await world.advance(15 * MINUTE);

  expect(world.machines.startedJobs.map(({ script }) => script)).toEqual(["install.sh", "start.sh"]);
  expect(world.faults.count("sandboxes.create")).toBe(1);
  const late = world.engine.history().runs.find(({ id }) => id === run?.id);
  expect(late).toMatchObject({ status: "Completed", output: { result: "superseded" } });
});

test("a claim that lapsed while a pause was made is finished by the sweep", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    world.faults.plan("sandboxes.pause", {
      kind: "error-after",
      error: new ProviderUnreachableError("pause"),
    });
  }
  await world.until(async () => (await world.record()).state === "pausing");

  await world.advance(LEASE_AND_TWO_SWEEPS);

  expect(await world.record()).toMatchObject({ state: "paused" });
  expect(world.running()).toEqual([]);
});

test("an idle pause that was missed is made by the sweep", async () => {
  const world = await createWorld();
  await world.ready();
  world.engine.pauseFunction("rekindle-pause-when-idle");

  await world.advance(world.policy.idleAfterMs + world.policy.healAfterMs + 5 * MINUTE + 10 * SECOND);

  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
  expect(world.running()).toEqual([]);
});

test("a resume whose commit was not answered is not made twice", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(10 * MINUTE);
  world.faults.plan("store.commit", { kind: "error-after", error: new StoreUnreachableError("commit") });

  await world.open().catch(() => undefined);
  await world.advance(MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", cameBack: "resumed" });
  expect(world.running()).toHaveLength(1);
});

test("a boot whose last commit was not answered is told all the same", async () => {
  const world = await createWorld();
  // Commits of a cold boot: the sandbox, the files, running.
  world.faults.plan("store.commit", { kind: "error-after", error: new StoreUnreachableError("commit") }, 2);

  await world.open();
  await world.advance(2 * MINUTE);

  expect((await world.record()).state).toBe("running");
  expect(world.eventsNamed("preview/ready")).toHaveLength(1);
});

test("an event's inline resume whose answer was lost is told all the same", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(10 * MINUTE);
  world.faults.plan("store.commit", { kind: "die-after" });

  world.emit("preview/requested");
  await world.advance(2 * MINUTE);

  expect((await world.record()).state).toBe("running");
  expect(world.eventsNamed("preview/ready")).toHaveLength(2);
});

test("a look whose first attempt died goes on with its own claim at once", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.cloud.kill(String(sandboxId));
  world.faults.plan("store.claim", { kind: "die-after" });

  world.emit("preview/check.due");
  await world.advance(80 * SECOND);

  expect(await world.record()).toMatchObject({ state: "running", cameBack: "rebuilt-cold" });
});

test("a resume whose preview address cannot be reached asks at a decent pace, and goes on in a run", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(10 * MINUTE);
  let asked = 0;
  world.probes.answer = async () => {
    asked += 1;
    return { kind: "unreachable" };
  };

  const view = await world.open();

  expect(view.state).toBe("resuming");
  expect(asked).toBeLessThanOrEqual(world.policy.resumeInlineMs / world.policy.pollEveryMs + 1);
});

describe("wherever a worker dies", () => {
  const deaths: [string, number][] = [
    ["store.claim", 1],
    ["sandboxes.create", 0],
    ["store.commit", 0],
    ["sandboxes.writeFiles", 0],
    ["store.commit", 1],
    ["sandboxes.startInBackground", 0],
    ["sandboxes.startInBackground", 1],
    ["sandboxes.run", 5],
    ["sandboxes.observe", 0],
    ["store.commit", 2],
    ["store.renewLease", 3],
  ];
  const cases = deaths.flatMap(([call, nth]) =>
    (["die-before", "die-after"] as const).map((kind) => [call, nth, kind] as const),
  );

  test.each(cases)(
    "at call %s number %i (%s), the preview runs in the end, once",
    async (call, nth, kind) => {
      const world = await createWorld();
      world.faults.plan(call, { kind }, nth);

      await world.open().catch(() => undefined);
      await world.until(async () => (await world.record()).state === "running", LEASE_AND_TWO_SWEEPS);

      expect(world.sandboxes()).toHaveLength(1);
      expect(world.machines.startedJobs.map(({ script }) => script)).toEqual(["install.sh", "start.sh"]);
    },
  );
});

describe("whatever dies in the middle of a life", () => {
  const calls = ["store.claim", "store.commit", "sandboxes.pause", "sandboxes.connect"];
  const cases = calls.flatMap((call) =>
    (["die-before", "die-after"] as const).flatMap((kind) => [0, 1].map((nth) => [call, kind, nth] as const)),
  );

  test.each(cases)(
    "at %s (%s, %i), no preview stays in a transition and no empty room is paid for",
    async (call, kind, nth) => {
      const world = await createWorld();
      await world.ready();
      world.faults.plan(call, { kind }, nth);

      await world.leave();
      await world.advance(5 * MINUTE);
      await world.open("v2").catch(() => undefined);
      await world.advance(2 * MINUTE);
      await world.leave("v2").catch(() => undefined);
      await world.advance(world.policy.idleAfterMs + LEASE_AND_TWO_SWEEPS);

      expect(["paused", "expired", "failed"]).toContain((await world.record()).state);
      expect(world.running()).toEqual([]);
      expect(world.sandboxes()).toHaveLength(1);
    },
  );
});

/** As a worker whose create was applied long after it had been given up. */
async function createdBehindTheBack(world: World): Promise<void> {
  const metadata = {
    app: world.runtime.appId,
    env: "test",
    previewId: world.store.previewIdOf(scope),
    ...scope,
    epoch: "1",
    revision: "r1",
    v: "1",
  };
  await world.cloud.create({ templateId: "base", timeoutSeconds: 900, metadata, onTimeout: "pause" });
  await world.advance(SECOND);
}
