/** What the plan and the create's own fields refuse, by rows of e2b.md §1.2 and §2.7. */
import { expect, test } from "vitest";
import { HOBBY_CREATES_PER_SECOND, PRO_CREATES_PER_SECOND, PRO_PLAN } from "@/lib/local/e2b/semantics/plan";
import { fakeCloud } from "./fake-machines";

const base = { templateId: "base" };

/** How many of so many creates at once are let through. */
async function createMany(cloud: ReturnType<typeof fakeCloud>["cloud"], count: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: count }, () => cloud.create(base)));
  return results.filter(({ status }) => status === "fulfilled").length;
}

test("§2.7 without a create rate many sandboxes start at once", async () => {
  const { cloud } = fakeCloud({ maxConcurrent: 50 });
  expect(await createMany(cloud, 50)).toBe(50);
});

test("§2.7 creates above the rate are 429 with the time to wait, and nothing starts", async () => {
  const { cloud, machines } = fakeCloud({ createsPerSecond: HOBBY_CREATES_PER_SECOND });
  await cloud.create(base);
  await expect(cloud.create(base)).rejects.toMatchObject({
    status: 429,
    message: "Rate limit exceeded",
    details: {
      headers: {
        "retry-after": "1",
        "ratelimit-limit": "1",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "1",
      },
    },
  });
  expect(machines.asked).toEqual(["start"]);
});

test("§2.7 a create rate of one is free again after a second, not before, and refusals do not count", async () => {
  const { cloud, clock } = fakeCloud({ createsPerSecond: 1 });
  await cloud.create(base);
  await clock.advance(999);
  expect(await createMany(cloud, 3)).toBe(0);
  await clock.advance(1);
  expect(await createMany(cloud, 2)).toBe(1);
});

test("§2.7 a rate of five gives a burst of five, then one each 200 ms", async () => {
  const { cloud, clock } = fakeCloud({ ...PRO_PLAN, createsPerSecond: PRO_CREATES_PER_SECOND });
  expect(await createMany(cloud, 8)).toBe(5);
  await clock.advance(199);
  expect(await createMany(cloud, 1)).toBe(0);
  await clock.advance(1);
  expect(await createMany(cloud, 2)).toBe(1);
  await clock.advance(10_000);
  expect(await createMany(cloud, 8)).toBe(5);
});

test("§2.7 the concurrency limit carries no time to wait, and can be raised", async () => {
  const full = fakeCloud({ maxConcurrent: 1 });
  await full.cloud.create(base);
  await expect(full.cloud.create(base)).rejects.toMatchObject({ status: 429, details: {} });
  expect(await createMany(fakeCloud({ maxConcurrent: 1100 }).cloud, 101)).toBe(101);
});

test("§2.7 a cold boot needs room as every resume does", async () => {
  const { cloud } = fakeCloud({ maxConcurrent: 1 });
  const { sandboxId } = await cloud.create(base);
  await cloud.pause(sandboxId, "dropped");
  await cloud.create(base);
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject({ status: 429 });
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("§2.3 a timeout of exactly the plan's cap is accepted, a second more is not", async () => {
  const { cloud } = fakeCloud(PRO_PLAN);
  const { startedAt, endAt } = await cloud.create({ ...base, timeoutSeconds: 86_400 });
  expect(endAt - startedAt).toBe(86_400_000);
  await expect(cloud.create({ ...base, timeoutSeconds: 86_401 })).rejects.toMatchObject({
    status: 400,
    message: "Timeout cannot be greater than 24 hours",
  });
});

test("§1.4 an unknown template is 404 where the templates are configured, and every name is accepted else", async () => {
  const { cloud } = fakeCloud({}, { templates: new Set(["base"]) });
  await cloud.create({ templateId: "base:v1" });
  const refusal = { status: 404, message: "template 'x' not found" };
  await expect(cloud.create({ templateId: "x" })).rejects.toMatchObject(refusal);
  expect((await fakeCloud().cloud.create({ templateId: "x" })).templateId).toBe("x");
});

test.each([
  ["without a pause", "kill", false, "autoPauseMemory=false only applies when autoPause is true."],
  ["with autoResume", "pause", true, "cannot be combined with autoResume"],
] as const)(
  "§1.2 an automatic pause without memory is refused %s",
  async (_name, onTimeout, autoResume, message) => {
    const { cloud, machines } = fakeCloud();
    const asked = { ...base, onTimeout, autoResume, memoryOnTimeout: "dropped" } as const;
    await expect(cloud.create(asked)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(message),
    });
    expect(machines.asked).toEqual([]);
  },
);
