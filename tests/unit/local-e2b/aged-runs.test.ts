/** A run that is made older, to the millisecond around the plan's cap; E2B has no such thing, so nothing of it is told. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const SECOND = 1000;
const HOUR = 3_600_000;
const base = { templateId: "base", onTimeout: "pause" as const };

test.each([
  ["1 ms before the cap reaches its end", HOUR - 960 * SECOND - 1, 0],
  ["at the instant at which the cap is its end", HOUR - 960 * SECOND, 0],
  ["1 ms beyond", HOUR - 960 * SECOND + 1, -1],
  ["55 minutes", 3_300 * SECOND, 300 * SECOND - 960 * SECOND],
])("aged to %s, a run of 16 minutes ends so much earlier", async (_title, byMs, movedMs) => {
  const { cloud, clock, events } = fakeCloud();
  const { sandboxId, startedAt, endAt } = await cloud.create({ ...base, timeoutSeconds: 960 });
  cloud.ageRun(sandboxId, byMs);
  expect(cloud.get(sandboxId)).toMatchObject({ startedAt: startedAt - byMs, endAt: endAt + movedMs });
  await clock.advance(960 * SECOND + movedMs - 1);
  expect(cloud.get(sandboxId).state).toBe("running");
  expect(events).toHaveLength(1);
  await clock.advance(1);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("aged to 1 ms before the cap, a run goes on for that millisecond", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  cloud.ageRun(sandboxId, HOUR - 1);
  await clock.advance(0);
  expect(cloud.get(sandboxId).state).toBe("running");
  await clock.advance(1);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test.each([
  ["to the cap", HOUR],
  ["1 ms past the cap", HOUR + 1],
  ["hours past the cap", 5 * HOUR],
])("aged %s, a run ends at once and keeps its memory", async (_title, byMs) => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  cloud.ageRun(sandboxId, byMs);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "running", endAt: clock.now() });
  await clock.advance(0);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "paused", endAt: clock.now() });
  expect(machines.asked).toEqual(["start", "stop"]);
});

test("an aged run is lengthened to its own cap and no further", async () => {
  const { cloud } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create(base);
  cloud.ageRun(sandboxId, 3_300 * SECOND);
  cloud.setTimeout(sandboxId, 960);
  expect(cloud.get(sandboxId).endAt).toBe(startedAt - 3_300 * SECOND + HOUR);
});

test("ageing adds up, and the next run is as young as any", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create(base);
  cloud.ageRun(sandboxId, 60 * SECOND);
  cloud.ageRun(sandboxId, 60 * SECOND);
  expect(cloud.get(sandboxId).startedAt).toBe(startedAt - 120 * SECOND);
  await cloud.pause(sandboxId);
  await clock.advance(5 * SECOND);
  await cloud.connect(sandboxId, 3_600);
  expect(cloud.get(sandboxId)).toMatchObject({ startedAt: clock.now(), endAt: clock.now() + HOUR });
});

test("a run that overstays ends no later for being aged", async () => {
  const { cloud, clock, machines } = fakeCloud();
  const { sandboxId, endAt } = await cloud.create({ ...base, timeoutSeconds: 5 });
  machines.refuse("stop");
  await clock.advance(7 * SECOND);
  cloud.ageRun(sandboxId, HOUR);
  expect(cloud.get(sandboxId)).toMatchObject({ state: "running", endAt });
});

test("what does not run has no run to age, and what is not there is 404", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const ageing = (id: string) => () => cloud.ageRun(id, 1);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  expect(ageing(sandboxId)).toThrow(expect.objectContaining({ status: 409 }));
  letStop();
  await pausing;
  expect(ageing(sandboxId)).toThrow(expect.objectContaining({ status: 409 }));
  expect(ageing("imissing")).toThrow(expect.objectContaining({ status: 404 }));
});
