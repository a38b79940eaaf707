/** What has rested for longer than sandboxes are kept: saved and let go, or kept and reported, and always a person's. */
import { describe, expect, test } from "vitest";
import { ProviderUnreachableError } from "@/lib/errors";
import type { ProjectFiles } from "@/lib/workspace/files";
import { auditNow, scopeOf, stateOf } from "@/tests/support/audits";
import { packageJson, product } from "@/tests/support/product";
import { createWorld, MINUTE, scope, type World } from "@/tests/support/world";

const first = { "package.json": packageJson, "index.html": "<h1>one</h1>" };
const edited = "<h1>by the agent</h1>";
const retentionMs = 20 * MINUTE;
const policy = { retentionMs, retentionRetryMs: 10 * MINUTE };

/** At rest, and the save before the pause came to nothing. */
async function unsaved(files: ProjectFiles, more: Parameters<typeof createWorld>[0] = {}) {
  const world = await createWorld({ files, policy, ...more });
  const { sandboxId } = await world.ready();
  world.machines.editFile(String(sandboxId), "app/index.html", edited);
  world.faults.plan("sandboxes.run", { kind: "error-before", error: new ProviderUnreachableError("run") });
  await world.leave();
  await world.advance(3 * MINUTE);
  expect(await world.record()).toMatchObject({ state: "paused" });
  expect((await world.record()).safeAt).toBeUndefined();
  return { world, sandboxId: String(sandboxId) };
}

/** Until the sweep after the end of its retention has done what it does. */
const pastRetention = (world: World) => world.advance(retentionMs + 6 * MINUTE);

test("one whose files are the product's is let go without being woken, and is built anew when somebody opens it", async () => {
  const world = await createWorld({ policy });
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  const connects = world.faults.count("sandboxes.connect");

  await pastRetention(world);

  expect(await world.record()).toMatchObject({ state: "expired", reason: "retired" });
  expect(stateOf(world, String(sandboxId))).toBe("gone");
  expect(world.faults.count("sandboxes.connect")).toBe(connects);
  await world.ready();
  expect(await world.record()).toMatchObject({ state: "running", cameBack: "rebuilt-cold" });
});

test("one that nobody has saved is woken, saved, and only then let go", async () => {
  const site = product(first);
  const { world, sandboxId } = await unsaved(site.port);

  await pastRetention(world);

  expect(site.files()["index.html"]).toBe(edited);
  expect(stateOf(world, sandboxId)).toBe("gone");
  expect(await world.record()).toMatchObject({ state: "expired", reason: "retired", wanted: "resting" });
});

describe("one that cannot be saved", () => {
  test("is kept, paused, and says so in its history and in the audit's report", async () => {
    const { revision, load } = product(first).port;
    const { world, sandboxId } = await unsaved({ revision, load });

    await pastRetention(world);

    expect(stateOf(world, sandboxId)).toBe("paused");
    expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
    expect(await world.rekindle.history(scope)).toContainEqual(
      expect.objectContaining({ kind: "kept", sandboxId }),
    );
    expect((await auditNow(world)).findings).toEqual([{ kind: "kept", sandboxId, scope }]);
  });

  test("comes back with what is in it", async () => {
    const { revision, load } = product(first).port;
    const { world, sandboxId } = await unsaved({ revision, load });
    await pastRetention(world);

    await world.ready();

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
    expect(world.machines.fileText(sandboxId, "app/index.html")).toBe(edited);
    expect((await auditNow(world)).findings).toEqual([]);
  });

  test("is not woken for it while all places are taken, nor does it stand in the line", async () => {
    const site = product(first);
    const { world, sandboxId } = await unsaved(site.port, { policy: { ...policy, planConcurrency: 1 } });
    const other = scopeOf("other");
    await world.ready("v1", other);

    await world.beatFor(retentionMs + 6 * MINUTE, "v1", other);

    expect(world.faults.count("sandboxes.connect")).toBe(0);
    expect(await world.record()).toMatchObject({ state: "paused", sandboxId });
    expect((await world.record()).waitingSince).toBeUndefined();
    await world.leave("v1", other);
    await world.advance(retentionMs);
    expect(site.files()["index.html"]).toBe(edited);
    expect(stateOf(world, sandboxId)).toBe("gone");
  });

  test("because its server does not come back is kept", async () => {
    const site = product(first);
    const { world, sandboxId } = await unsaved(site.port);
    world.machines.loseServer(sandboxId);

    await pastRetention(world);

    expect(stateOf(world, sandboxId)).toBe("paused");
    expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
    expect(site.calls.some((call) => call.startsWith("save"))).toBe(false);
  });
});

test.each(["sandboxes.connect", "store.renewLease", "sandboxes.pause"])(
  "a person who comes before %s of it has it",
  async (call) => {
    const site = product(first);
    const { world, sandboxId } = await unsaved(site.port);
    world.faults.interpose(async (name) => {
      if (name !== call) return;
      world.faults.interpose(undefined);
      await world.rekindle.open({ ...scope, viewerId: "v2" });
    });

    await pastRetention(world);
    await world.beat("v2");
    await world.advance(MINUTE);
    await world.until(async () => (await world.record()).state === "running");

    expect(await world.record()).toMatchObject({ sandboxId });
    expect(world.machines.fileText(sandboxId, "app/index.html")).toBe(edited);
  },
);

test("a kill that fails leaves a sandbox that the audit kills", async () => {
  const world = await createWorld({ policy });
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  world.faults.plan("sandboxes.kill", { kind: "error-before", error: new ProviderUnreachableError("kill") });
  world.engine.pauseFunction("rekindle-audit-sandboxes");
  await pastRetention(world);
  expect(stateOf(world, String(sandboxId))).toBe("paused");
  expect((await world.record()).state).toBe("expired");

  const report = await auditNow(world);

  expect(report.findings).toEqual([{ kind: "orphan-killed", sandboxId, scope }]);
  expect(world.sandboxes()).toEqual([]);
});

test("nothing is let go while everything is held", async () => {
  const world = await createWorld({ policy });
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  await world.finish(() =>
    world.runtime.fleet.turn("hold-everything", { on: true, by: "ops", why: "a look" }),
  );

  await pastRetention(world);

  expect(stateOf(world, String(sandboxId))).toBe("paused");
  expect((await world.record()).state).toBe("paused");
});

test("a worker that dies in the middle of it loses nothing: the work is in the product or in the sandbox", async () => {
  const calls: string[] = [];
  const look = await unsaved(product(first).port);
  await look.world.advance(retentionMs - 3 * MINUTE);
  look.world.faults.interpose(async (call) => {
    calls.push(call);
  });
  await look.world.advance(9 * MINUTE);
  expect(calls).toContain("sandboxes.kill");
  const telling = [
    "store.claim",
    "sandboxes.connect",
    "sandboxes.run",
    "store.commit",
    "sandboxes.pause",
    "sandboxes.kill",
  ];
  // Each of these once, the last one of its kind.
  for (const index of telling.map((call) => calls.lastIndexOf(call))) {
    const site = product(first);
    const { world, sandboxId } = await unsaved(site.port);
    await world.advance(retentionMs - 3 * MINUTE);
    let seen = 0;
    world.faults.interpose(async () => {
      seen += 1;
      if (seen !== index + 1) return;
      world.faults.interpose(undefined);
      await world.faults.die();
    });
    await world.advance(25 * MINUTE);

    const isSaved = site.files()["index.html"] === edited;
    const isThere =
      stateOf(world, sandboxId) !== "gone" && world.machines.fileText(sandboxId, "app/index.html") === edited;
    expect({ call: calls[index], isKept: isSaved || isThere }).toEqual({ call: calls[index], isKept: true });
    expect(world.running()).toEqual([]);
  }
});

// Found in review: what was safe at our own pause was let go with what somebody had changed in it since.
test("one that somebody else woke since our own pause is saved again before it is let go", async () => {
  const site = product(first);
  const world = await createWorld({ files: site.port, policy });
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  expect((await world.record()).safeAt).toBeDefined();
  await world.cloud.connect(String(sandboxId), 60, "memory");
  world.machines.editFile(String(sandboxId), "app/index.html", edited);
  await world.advance(2 * MINUTE);

  await pastRetention(world);

  expect(await world.record()).toMatchObject({ state: "expired", reason: "retired" });
  expect(site.files()["index.html"]).toBe(edited);
});

test("a write after the save and before the seal keeps it from being let go unsaved", async () => {
  const site = product(first);
  const world = await createWorld({ files: site.port, policy });
  const { sandboxId } = await world.ready();
  let looks = 0;
  world.faults.interpose(async (call) => {
    if (call !== "sandboxes.run") return;
    looks += 1;
    // The first look is the save's, the second the seal's.
    if (looks === 2) world.machines.editFile(String(sandboxId), "app/index.html", edited);
  });
  await world.leave();
  await world.advance(3 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "paused" });
  expect((await world.record()).safeAt).toBeUndefined();
});
