/** How a preview goes to rest, and what keeps it from it. */
import { expect, test } from "vitest";
import { createWorld, MINUTE, SECOND, scope } from "@/tests/support/world";

test("everybody left: paused after the grace, not before", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  const leftAt = world.clock.now();

  await world.advance(world.policy.graceAfterLeftMs - SECOND);
  const before = await world.record();
  await world.advance(6 * SECOND);

  expect(before.state).toBe("running");
  expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
  expect(world.running()).toEqual([]);
  expect(world.sandboxes()[0]?.endAt).toBeLessThanOrEqual(
    leftAt + world.policy.graceAfterLeftMs + 5 * SECOND,
  );
  expect(world.eventsNamed("preview/paused")).toMatchObject([{ data: { ...scope, reason: "left" } }]);
});

test("a return within the grace cancels the pause", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();

  await world.advance(MINUTE);
  await world.open();
  await world.beatFor(5 * MINUTE);

  expect((await world.record()).state).toBe("running");
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("a reload (left and opened again within a second) keeps it", async () => {
  const world = await createWorld();
  await world.ready();

  await world.leave();
  await world.open("v2");
  await world.beatFor(5 * MINUTE, "v2");

  expect((await world.record()).state).toBe("running");
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("a tab that is left does not pause what another viewer uses", async () => {
  const world = await createWorld();
  await world.ready("v1");
  await world.open("v2");

  await world.leave("v1");
  await world.beatFor(6 * MINUTE, "v2");

  expect((await world.record()).state).toBe("running");
  expect(world.eventsNamed("user/left")).toEqual([]);
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("who only reads, without a sign of life, is not paused because somebody else leaves", async () => {
  const world = await createWorld();
  await world.ready("v1");
  await world.open("reader");
  await world.advance(5 * MINUTE);

  await world.leave("v1");
  await world.advance(world.policy.graceAfterLeftMs + MINUTE);

  expect(await world.record()).toMatchObject({ state: "running" });
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("polls and GETs keep nothing alive: a preview that is only looked at rests when its idle time is over", async () => {
  const world = await createWorld();
  await world.ready();
  const extensions = world.faults.count("sandboxes.extend");
  const handlers = world.rekindle.handlers(async () => scope.userId);
  const { lastActiveAt } = await world.record();

  while (world.clock.now() < Number(lastActiveAt) + world.policy.idleAfterMs + MINUTE) {
    const get = new Request("https://app.test/api/previews/p1", { headers: { host: "app.test" } });
    expect((await handlers.status(get, scope.projectId)).status).toBe(200);
    expect((await handlers.history(get, scope.projectId)).status).toBe(200);
    await world.advance(10 * SECOND);
  }

  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle", lastActiveAt });
  expect(world.faults.count("sandboxes.extend")).toBe(extensions);
  expect(world.eventsNamed("user/active").map(({ data }) => Object(data).by)).toEqual(["start"]);
});

test("of several tabs of one person the last one to be left decides", async () => {
  const world = await createWorld();
  await world.ready("tab1");
  await world.open("tab2");
  await world.open("tab3");

  await world.leave("tab2");
  await world.leave("tab1");
  await world.advance(world.policy.graceAfterLeftMs + 10 * SECOND);
  const withOneLeft = await world.record();
  await world.leave("tab3");
  await world.advance(world.policy.graceAfterLeftMs + 10 * SECOND);

  expect(withOneLeft.state).toBe("running");
  expect(world.eventsNamed("user/left")).toHaveLength(1);
  expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
});

test("the product's own user/left does not pause what a viewer uses", async () => {
  const world = await createWorld();
  await world.ready("v1");

  world.emit("user/left");
  await world.beatFor(6 * MINUTE, "v1");

  expect((await world.record()).state).toBe("running");
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("without activity it is paused when the idle time is over, give or take seconds", async () => {
  const world = await createWorld();
  await world.ready();
  const { readyAt } = await world.record();

  await world.advance(world.policy.idleAfterMs + 30 * SECOND);

  const record = await world.record();
  expect(record).toMatchObject({ state: "paused", reason: "idle" });
  const stoppedAt = world.sandboxes()[0]?.endAt ?? 0;
  const idleTailMs = stoppedAt - Number(readyAt);
  expect(idleTailMs).toBeGreaterThanOrEqual(world.policy.idleAfterMs);
  expect(idleTailMs).toBeLessThanOrEqual(world.policy.idleAfterMs + 10 * SECOND);
});

test("beats that were too frequent for an event still move the idle end", async () => {
  const world = await createWorld();
  await world.ready();
  await world.beatFor(3 * MINUTE);
  const { lastActiveAt } = await world.record();

  await world.advance(world.policy.idleAfterMs - MINUTE);
  const before = await world.record();
  await world.advance(MINUTE + 30 * SECOND);

  expect(before.state).toBe("running");
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
  expect((world.sandboxes()[0]?.endAt ?? 0) - Number(lastActiveAt)).toBeLessThanOrEqual(
    world.policy.idleAfterMs + 10 * SECOND,
  );
});

test("a beat in the last moment starts the idle time anew", async () => {
  const world = await createWorld();
  await world.ready();

  await world.advance(world.policy.idleAfterMs - 20 * SECOND);
  await world.beat();
  await world.advance(world.policy.idleAfterMs - 30 * SECOND);
  const before = await world.record();
  await world.advance(MINUTE);

  expect(before.state).toBe("running");
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
});

test("a beat while the pause is being made is answered by a resume as soon as it has landed", async () => {
  const world = await createWorld();
  await world.ready();
  world.faults.slow("sandboxes.pause", 4 * SECOND);
  await world.until(async () => (await world.record()).phase === "pause", 15 * MINUTE);

  const during = await world.beat();
  await world.advance(10 * SECOND);

  expect(during.state).toBe("pausing");
  expect(await world.record()).toMatchObject({ state: "running", cameBack: "resumed", wanted: "running" });
});

test("an open while the pause is being made is answered by a resume as soon as it has landed", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  world.faults.slow("sandboxes.pause", 4 * SECOND);
  await world.until(async () => (await world.record()).phase === "pause");

  await world.open("v2");
  await world.advance(10 * SECOND);

  expect(await world.record()).toMatchObject({ state: "running", cameBack: "resumed" });
  expect(world.machines.startedJobs).toHaveLength(2);
});

test("a wish that came during the pause is kept when its worker dies before it could resume", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  world.faults.slow("sandboxes.pause", 4 * SECOND);
  await world.until(async () => (await world.record()).phase === "pause");
  await world.open("v2");
  // The claim of the resume that follows the pause.
  world.faults.plan("store.claim", { kind: "die-before" });

  await world.advance(8 * MINUTE);
  await world.beatFor(MINUTE, "v2");

  expect((await world.record()).wanted).toBe("running");
  expect((await world.record()).state).toBe("running");
});

test("a beat while the files are saved before the pause keeps it running, and nothing is interrupted", async () => {
  const world = await createWorld();
  await world.ready();
  world.faults.slow("sandboxes.writeFiles", 4 * SECOND);
  await world.until(async () => (await world.record()).phase === "save", 15 * MINUTE);

  await world.beat();
  await world.advance(30 * SECOND);

  expect(await world.record()).toMatchObject({
    state: "running",
    reason: "returned",
    cameBack: "rebuilt-cold",
  });
  expect(world.faults.count("sandboxes.pause")).toBe(0);
});

test("a pause that the provider refuses for a moment is made by the step's own repetition", async () => {
  const { ProviderBusyError } = await import("@/lib/errors");
  const world = await createWorld({ policy: { healAfterMs: 60 * MINUTE } });
  await world.ready();
  world.faults.plan("sandboxes.pause", { kind: "error-before", error: new ProviderBusyError("pause") });

  await world.advance(world.policy.idleAfterMs + 80 * SECOND);

  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
});

test("a person who was active keeps a preview whose left tab was the last viewer known", async () => {
  const world = await createWorld();
  await world.ready();

  await world.leave();
  await world.advance(MINUTE + 30 * SECOND);
  // A signal of the product's own (an agent wrote files), without any viewer.
  world.emit("user/active");
  await world.advance(3 * MINUTE);

  expect((await world.record()).state).toBe("running");
});

test("a return of which no event came through keeps it all the same: presence is read, not believed", async () => {
  const world = await createWorld();
  await world.ready();
  await world.leave();
  await world.advance(MINUTE);
  const { send } = world.runtime.inngest;
  world.runtime.inngest.send = () => Promise.reject(new TypeError("fetch failed"));

  await world.beat("v2");
  await world.advance(90 * SECOND);
  world.runtime.inngest.send = send;

  expect(world.runsOf("pause-on-leave").at(-1)).toMatchObject({
    status: "Completed",
    output: { result: "active" },
  });
  expect((await world.record()).state).toBe("running");
});
