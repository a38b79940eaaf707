/** What the end of a run does, to the millisecond, by rows of e2b.md §2.1 and §2.2. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const SECOND = 1000;
const HOUR = 3_600_000;
const base = { templateId: "base" };

test.each(["kill", "pause"] as const)(
  "§2.1 onTimeout %s happens at the end of the run, not before",
  async (onTimeout) => {
    const { cloud, clock, machines } = fakeCloud();
    await cloud.create({ ...base, timeoutSeconds: 10, onTimeout });
    await clock.advance(10 * SECOND - 1);
    expect(machines.asked).toEqual(["start"]);
    await clock.advance(1);
    expect(machines.asked).toEqual(["start", onTimeout === "kill" ? "destroy" : "stop"]);
  },
);

test("§1.2 keepMemory false makes the automatic pause one without memory, and the resume a cold boot", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause", memoryOnTimeout: "dropped" });
  await clock.advance(300 * SECOND);
  expect(cloud.get(sandboxId).state).toBe("paused");
  await cloud.connect(sandboxId);
  expect(machines.asked).toEqual(["start", "powerOff", "powerOn"]);
});

test("§2.2 a run set to end now ends now", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause" });
  cloud.setTimeout(sandboxId, 0);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "running", endAt: clock.now() });
  await clock.advance(0);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("§2.1 a refused automatic pause is tried again after 10 s, not before", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId, endAt } = await cloud.create({ ...base, timeoutSeconds: 5, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(5 * SECOND);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "running", endAt });
  machines.refuse("stop", false);
  await clock.advance(10 * SECOND - 1);
  expect(cloud.get(sandboxId).state).toBe("running");
  await clock.advance(1);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "paused", endAt: endAt + 10 * SECOND });
});

test("§2.1 a run that overstays for a minute is paused without its memory", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 5, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(65 * SECOND - 1);
  expect(cloud.get(sandboxId).state).toBe("running");
  expect(machines.asked).not.toContain("powerOff");
  await clock.advance(1);
  expect(cloud.get(sandboxId).state).toBe("paused");
  await cloud.connect(sandboxId);
  expect(machines.asked.slice(-2)).toEqual(["powerOff", "powerOn"]);
});

test("§2.1 a later end given while it overstays is kept", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 5, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(7 * SECOND);
  machines.refuse("stop", false);
  cloud.setTimeout(sandboxId, 60);
  await clock.advance(60 * SECOND - 1);
  expect(cloud.get(sandboxId).state).toBe("running");
  await clock.advance(1);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("§2.4 a pause that a client asked for and was refused leaves the end where it was", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, timeoutSeconds: 5 });
  machines.refuse("stop");
  await expect(cloud.pause(sandboxId)).rejects.toMatchObject({ status: 503 });
  await clock.advance(5 * SECOND - 1);
  expect(cloud.get(sandboxId).state).toBe("running");
  await clock.advance(1);
  expect(cloud.views()).toEqual([]);
});

test("§2.2 1 ms before the plan's cap a timeout is clamped to it", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ ...base, timeoutSeconds: 3600 });
  await clock.advance(HOUR - 1);
  cloud.setTimeout(sandboxId, 3600);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "running", endAt: startedAt + HOUR });
});

test("§2.2 at the plan's cap a timeout is still clamped, 1 ms past it every call about the end is 400", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ ...base, timeoutSeconds: 3600, onTimeout: "pause" });
  machines.refuse("stop");
  await clock.advance(HOUR);
  cloud.setTimeout(sandboxId, 60);
  expect(cloud.get(sandboxId).endAt).toBe(startedAt + HOUR);
  await clock.advance(1);
  const refusal = { status: 400, message: "Max instance length exceeded" };
  expect(() => cloud.setTimeout(sandboxId, 60)).toThrow(expect.objectContaining(refusal));
  expect(() => cloud.refresh(sandboxId)).toThrow(expect.objectContaining(refusal));
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject(refusal);
});

test("§3.3 a refresh only extends, by 15 s at the least", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, endAt } = await cloud.create({ ...base, timeoutSeconds: 20 });
  cloud.refresh(sandboxId, 1);
  expect(cloud.get(sandboxId).endAt).toBe(endAt);
  await clock.advance(10 * SECOND);
  cloud.refresh(sandboxId);
  expect(cloud.get(sandboxId).endAt).toBe(clock.now() + 15 * SECOND);
  cloud.refresh(sandboxId, 100);
  expect(cloud.get(sandboxId).endAt).toBe(clock.now() + 100 * SECOND);
});
