/** Readings of what a sandbox uses, by the row of e2b.md §3.3. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

test("§3.3 a reading is taken when asked, at most one in five seconds", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ templateId: "base" });
  const times = async () => (await cloud.metricsOf(sandboxId)).map(({ at }) => at - startedAt);
  expect(await times()).toEqual([0]);
  await clock.advance(4_999);
  expect(await times()).toEqual([0]);
  await clock.advance(1);
  expect(await times()).toEqual([0, 5_000]);
  const [first] = await cloud.metricsOf(sandboxId);
  expect(first).toMatchObject({ cpuUsedPct: 12.5, memUsedBytes: 64 * 1024 ** 2, diskUsedBytes: 1024 ** 2 });
});

test("§3.3 readings are told by time, both ends included", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId, startedAt } = await cloud.create({ templateId: "base" });
  for (let times = 0; times < 3; times += 1) {
    await cloud.metricsOf(sandboxId);
    await clock.advance(10_000);
  }
  const between = async (from: number, until: number) =>
    (await cloud.metricsOf(sandboxId, { from: startedAt + from, until: startedAt + until })).length;
  expect(await between(0, 20_000)).toBe(3);
  expect(await between(1, 19_999)).toBe(1);
  expect(await between(-3_600_000, -1)).toBe(0);
});

test("§3.3 a paused sandbox is not read, an unknown one is 404", async () => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ templateId: "base" });
  await cloud.metricsOf(sandboxId);
  await cloud.pause(sandboxId);
  await clock.advance(60_000);
  expect(await cloud.metricsOf(sandboxId)).toHaveLength(1);
  await expect(cloud.metricsOf("imissing")).rejects.toMatchObject({ status: 404 });
});
