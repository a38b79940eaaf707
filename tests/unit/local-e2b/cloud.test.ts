/** E2B's semantics without I/O, by rows of e2b.md §2.1-2.7. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const SECOND = 1000;
const HOUR = 3_600_000;
const base = { templateId: "base" };

test("§1.1 create without a timeout gives 300 s", async () => {
  const { cloud, clock } = fakeCloud();
  const sandbox = await cloud.create(base);
  expect(sandbox.startedAt).toBe(clock.now());
  expect(sandbox.endAt).toBe(clock.now() + 300 * SECOND);
});

test("§3.3 an id is i and 20 lower-case letters or digits", async () => {
  const { cloud } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  expect(sandboxId).toMatch(/^i[a-z0-9]{20}$/);
});

test.each([
  ["zero", 0, "Timeout must be greater than 0"],
  ["negative", -5, "Timeout must be greater than 0"],
  ["above the plan", 3601, "Timeout cannot be greater than 1 hours"],
])("§2.3 create and connect refuse a timeout that is %s", async (_name, timeoutSeconds, message) => {
  const { cloud } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  await expect(cloud.create({ ...base, timeoutSeconds })).rejects.toMatchObject({ status: 400, message });
  await expect(cloud.connect(sandboxId, timeoutSeconds)).rejects.toMatchObject({ status: 400, message });
});

test("§2.2 a timeout past the plan's cap is clamped without an error", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ ...base, timeoutSeconds: 3600 });
  await clock.advance(HOUR / 2);
  cloud.setTimeout(sandboxId, 3600);
  expect(cloud.get(sandboxId).endAt).toBe(startedAt + HOUR);
});

test("§2.2 a timeout can shorten, and a negative one ends the run at once", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause" });
  cloud.setTimeout(sandboxId, 10);
  expect(cloud.get(sandboxId).endAt).toBe(clock.now() + 10 * SECOND);
  cloud.setTimeout(sandboxId, -1);
  await clock.advance(0);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("§2.2 a timeout past the end of the plan's cap is refused", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 3600, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(HOUR + 1);
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow("Max instance length exceeded");
});

test("§2.2 a timeout of a paused or unknown sandbox is 404", async () => {
  const { cloud } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  await cloud.pause(sandboxId);
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow(expect.objectContaining({ status: 404 }));
  expect(() => cloud.setTimeout("imissing", 60)).toThrow(expect.objectContaining({ status: 404 }));
});

test("§2.2 a timeout during a pause or a kill is 409", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow(
    expect.objectContaining({ status: 409, message: `Sandbox "${sandboxId}" is being paused` }),
  );
  letStop();
  await pausing;
  const letDestroy = machines.hold("destroy");
  const killing = cloud.kill(sandboxId);
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow(expect.objectContaining({ status: 409 }));
  letDestroy();
  await killing;
});

test("§2.3 connect to a running sandbox never shortens its run", async () => {
  const { cloud, clock } = fakeCloud();
  const created = await cloud.create({ ...base, timeoutSeconds: 600 });
  const shorter = await cloud.connect(created.sandboxId, 60);
  expect(shorter).toMatchObject({ resumed: false, sandbox: { endAt: created.endAt } });
  await clock.advance(500 * SECOND);
  const longer = await cloud.connect(created.sandboxId, 600);
  expect(longer.sandbox).toMatchObject({ startedAt: created.startedAt, endAt: clock.now() + 600 * SECOND });
});

test("§2.3 connect to a running sandbox is clamped to the plan's cap", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ ...base, timeoutSeconds: 3600 });
  await clock.advance(HOUR - SECOND);
  const { sandbox } = await cloud.connect(sandboxId, 3600);
  expect(sandbox.endAt).toBe(startedAt + HOUR);
});

test("§2.3 connect to a paused sandbox starts a new run of 300 s, whatever create asked for", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 3600 });
  await clock.advance(10 * SECOND);
  await cloud.pause(sandboxId);
  await clock.advance(20 * HOUR);
  const { resumed, sandbox } = await cloud.connect(sandboxId);
  expect(resumed).toBe(true);
  expect(sandbox).toMatchObject({ startedAt: clock.now(), endAt: clock.now() + 300 * SECOND });
});

test("§2.3 connect waits for a pause under way and then resumes", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  const connecting = cloud.connect(sandboxId, 60);
  letStop();
  await pausing;
  expect(await connecting).toMatchObject({ resumed: true, sandbox: { state: "running" } });
  expect(machines.asked).toEqual(["start", "stop", "continue"]);
});

test("§2.3 a pause that is refused under a waiting connect leaves it running", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  machines.refuse("stop");
  const pausing = cloud.pause(sandboxId);
  const connecting = cloud.connect(sandboxId, 600);
  await expect(pausing).rejects.toMatchObject({ status: 503 });
  expect(await connecting).toMatchObject({ resumed: false, sandbox: { state: "running" } });
});

test("§2.3 two connects to one paused sandbox make one resume", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  await cloud.pause(sandboxId);
  const both = await Promise.all([cloud.connect(sandboxId, 60), cloud.connect(sandboxId, 120)]);
  expect(both.map(({ resumed }) => resumed)).toEqual([true, true]);
  expect(machines.asked.filter((effect) => effect === "continue")).toHaveLength(1);
});

test("§2.3 connect is 409 while the sandbox is being killed and 404 after", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const letDestroy = machines.hold("destroy");
  const killing = cloud.kill(sandboxId);
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject({ status: 409 });
  letDestroy();
  await killing;
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject({ status: 404 });
});

test("§2.4 a pause joins the pause under way, and is 409 once it rests", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  await Promise.all([cloud.pause(sandboxId), cloud.pause(sandboxId)]);
  expect(machines.asked).toEqual(["start", "stop"]);
  await expect(cloud.pause(sandboxId)).rejects.toMatchObject({
    status: 409,
    message: `Error pausing sandbox - sandbox '${sandboxId}' is already paused`,
  });
});

test("§2.4 a refused pause is 503 for all who wait for it and changes nothing", async () => {
  const { cloud, machines } = fakeCloud();
  const created = await cloud.create(base);
  machines.refuse("stop");
  const both = await Promise.allSettled([cloud.pause(created.sandboxId), cloud.pause(created.sandboxId)]);
  expect(both.map((result) => result.status === "rejected" && result.reason.status)).toEqual([503, 503]);
  expect(cloud.get(created.sandboxId)).toEqual(created);
});

test("§2.4 kill takes running and paused sandboxes, and unknown ones are 404", async () => {
  const { cloud } = fakeCloud();
  const running = await cloud.create(base);
  const paused = await cloud.create(base);
  await cloud.pause(paused.sandboxId);
  await cloud.kill(running.sandboxId);
  await cloud.kill(paused.sandboxId);
  expect(cloud.views()).toEqual([]);
  await expect(cloud.kill(running.sandboxId)).rejects.toMatchObject({ status: 404 });
});

test("§2.5 a sandbox being paused shows as paused, one being killed not at all", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  expect(cloud.get(sandboxId).state).toBe("paused");
  expect(cloud.isRunning(sandboxId)).toBe(false);
  letStop();
  await pausing;
  const letDestroy = machines.hold("destroy");
  const killing = cloud.kill(sandboxId);
  expect(() => cloud.get(sandboxId)).toThrow(expect.objectContaining({ status: 404 }));
  letDestroy();
  await killing;
});

test("§2.5 the end of a paused sandbox is the time of its pause", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create(base);
  await clock.advance(7 * SECOND);
  await cloud.pause(sandboxId);
  await clock.advance(HOUR);
  expect(cloud.get(sandboxId)).toMatchObject({ startedAt, endAt: startedAt + 7 * SECOND });
});

test("§2.1 an expired sandbox is killed unless it asked for a pause", async () => {
  const { cloud, clock } = fakeCloud();
  const killed = await cloud.create({ ...base, timeoutSeconds: 10 });
  const paused = await cloud.create({ ...base, timeoutSeconds: 10, onTimeout: "pause" });
  await clock.advance(10 * SECOND - 1);
  expect(cloud.views().map(({ state }) => state)).toEqual(["running", "running"]);
  await clock.advance(1);
  expect(() => cloud.get(killed.sandboxId)).toThrow(expect.objectContaining({ status: 404 }));
  expect(cloud.get(paused.sandboxId).state).toBe("paused");
});

test("§2.1 a refused automatic pause keeps the sandbox running and is tried again", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 10, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(15 * SECOND);
  expect(cloud.get(sandboxId).state).toBe("running");
  machines.refuse("stop", false);
  await clock.advance(10 * SECOND);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("§2.7 a paused sandbox is kept without end", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause" });
  await clock.advance(365 * 24 * HOUR);
  expect(cloud.get(sandboxId).state).toBe("paused");
  expect(clock.pending).toBe(0);
});

test("§2.7 the concurrency limit counts what runs, resumes too, and not what rests", async () => {
  const { cloud } = fakeCloud({ maxConcurrent: 2 });
  const first = await cloud.create(base);
  await cloud.create(base);
  await expect(cloud.create(base)).rejects.toMatchObject({ status: 429 });
  await cloud.pause(first.sandboxId);
  await cloud.create(base);
  await expect(cloud.connect(first.sandboxId)).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining("maximum number of concurrent E2B sandboxes (2)"),
  });
});

test("§2.7 creates that are under way count against the limit", async () => {
  const { cloud } = fakeCloud({ maxConcurrent: 1 });
  const results = await Promise.allSettled([cloud.create(base), cloud.create(base)]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("a kill that fails leaves the sandbox as it was and its expiry armed", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  machines.refuse("destroy");
  await expect(cloud.kill(sandboxId)).rejects.toThrow("destroy refused");
  expect(cloud.get(sandboxId).state).toBe("running");
  machines.refuse("destroy", false);
  await clock.advance(300 * SECOND);
  expect(cloud.views()).toEqual([]);
});
