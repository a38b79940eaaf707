/** What happens when the sandbox is taken away from outside. */
import { expect, test } from "vitest";
import { createWorld, HOUR, MINUTE, SECOND } from "@/tests/support/world";

test("a sandbox killed in use is found by an extension and rebuilt for who is there", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.cloud.kill(String(sandboxId));

  await world.beatFor(6 * MINUTE);

  const record = await world.record();
  expect(record).toMatchObject({ state: "running", cameBack: "rebuilt-cold" });
  expect(await world.status()).not.toMatchObject({ sandboxId });
  expect(world.faults.count("sandboxes.create")).toBe(2);
});

test("a sandbox killed with nobody there is found by a sweep: expired, and nothing is created", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  world.engine.pauseFunction("rekindle-pause-when-idle");
  await world.cloud.kill(String(sandboxId));

  await world.advance(20 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "expired", reason: "sandbox-gone" });
  expect(await world.status()).toMatchObject({ action: "open" });
  expect(world.faults.count("sandboxes.create")).toBe(1);
  expect(world.sandboxes()).toEqual([]);
});

test("a paused sandbox killed from outside is rebuilt when somebody opens it", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(HOUR);
  await world.cloud.kill(String(sandboxId));

  const first = await world.open();
  await world.until(async () => (await world.record()).state === "running");

  expect(first).toMatchObject({ state: "starting", reason: { code: "sandbox-gone" } });
  expect(await world.record()).toMatchObject({ cameBack: "rebuilt-cold" });
});

test("an expired preview is built anew when somebody opens it", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  world.engine.pauseFunction("rekindle-pause-when-idle");
  await world.cloud.kill(String(sandboxId));
  await world.advance(20 * MINUTE);
  expect((await world.record()).state).toBe("expired");

  await world.ready("v2");

  expect(await world.record()).toMatchObject({ state: "running", cameBack: "rebuilt-cold" });
});

test("a pause of a sandbox that is gone says so", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(MINUTE);
  await world.cloud.kill(String(sandboxId));

  await world.advance(2 * MINUTE);

  expect(await world.record()).toMatchObject({ state: "expired", reason: "sandbox-gone" });
});

test("a sandbox that somebody resumed outside while the record rests is not left running for long", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(5 * MINUTE);
  await world.cloud.connect(String(sandboxId), 3600);

  world.emit("preview/check.due");
  await world.advance(10 * SECOND);

  expect(world.running()).toEqual([]);
  expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
});

test("all of Redis lost: the sandbox is found by its labels and adopted, not created anew", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.redisEngine.loseEverything();

  await world.ready("v2");

  expect(await world.status()).toMatchObject({ state: "running", sandboxId });
  expect(world.faults.count("sandboxes.create")).toBe(1);
});
