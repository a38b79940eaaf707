/** Pauses and resumes without memory, and resumes under another id, by rows of e2b.md §1.3, §2.3 and §2.4. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const base = { templateId: "base" };

async function paused(memory: "kept" | "dropped" = "kept") {
  const fake = fakeCloud();
  const created = await fake.cloud.create({ ...base, metadata: { app: "demo" } });
  await fake.cloud.pause(created.sandboxId, memory);
  fake.machines.asked.length = 0;
  return { ...fake, ...created };
}

test("§2.4 a pause without memory ends every process, and its resume boots anew", async () => {
  const { cloud, machines, sandboxId, clock } = await paused("dropped");
  const { resumed, sandbox } = await cloud.connect(sandboxId);
  expect([resumed, sandbox.state, sandbox.startedAt]).toEqual([true, "running", clock.now()]);
  expect(machines.asked).toEqual(["powerOn"]);
});

test("§2.4 a refused pause without memory is 503 and leaves it running", async () => {
  const { cloud, machines } = fakeCloud();
  const created = await cloud.create(base);
  machines.refuse("powerOff");
  await expect(cloud.pause(created.sandboxId, "dropped")).rejects.toMatchObject({
    status: 503,
    message: expect.stringContaining("node is busy"),
  });
  expect(cloud.get(created.sandboxId)).toEqual(created);
});

test("§2.3 a reboot throws the memory away and boots from the files", async () => {
  const { cloud, machines, sandboxId } = await paused();
  expect(await cloud.connect(sandboxId, 60, "cold")).toMatchObject({ resumed: true });
  expect(machines.asked).toEqual(["powerOff", "powerOn"]);
});

test("§2.3 a reboot of a running sandbox changes nothing but its end", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  expect(await cloud.connect(sandboxId, 60, "cold")).toMatchObject({ resumed: false });
  expect(machines.asked).toEqual(["start"]);
});

test("§2.3 a reboot that was refused half-way leaves it paused, and the next resume boots it", async () => {
  const { cloud, machines, sandboxId } = await paused();
  machines.refuse("powerOn");
  await expect(cloud.connect(sandboxId, 60, "cold")).rejects.toThrow("powerOn refused");
  expect(cloud.get(sandboxId).state).toBe("paused");
  machines.refuse("powerOn", false);
  expect(await cloud.connect(sandboxId)).toMatchObject({ resumed: true });
  expect(machines.asked).toEqual(["powerOff", "powerOn", "powerOn"]);
});

test("§2.3 a reboot does not join a memory start in flight: 409 with a code for programs", async () => {
  const { cloud, machines, sandboxId } = await paused();
  const letContinue = machines.hold("continue");
  const starting = cloud.connect(sandboxId);
  await expect(cloud.connect(sandboxId, 60, "cold")).rejects.toMatchObject({
    status: 409,
    details: { errorCode: "sandbox_start_in_flight" },
  });
  letContinue();
  await starting;
});

test("§2.3 every connect joins a cold boot in flight", async () => {
  const { cloud, machines, sandboxId } = await paused("dropped");
  const letBoot = machines.hold("powerOn");
  const all = [cloud.connect(sandboxId), cloud.connect(sandboxId, 60, "cold"), cloud.connect(sandboxId)];
  letBoot();
  expect((await Promise.all(all)).map(({ resumed }) => resumed)).toEqual([true, true, true]);
  expect(machines.asked).toEqual(["powerOn"]);
});

test("§2.4 a pause during a resume is 409, as if it still rested", async () => {
  const { cloud, machines, sandboxId } = await paused();
  const letContinue = machines.hold("continue");
  const starting = cloud.connect(sandboxId);
  await expect(cloud.pause(sandboxId)).rejects.toMatchObject({
    status: 409,
    message: expect.stringContaining("already paused"),
  });
  letContinue();
  await starting;
});

test("connect may answer with another id: same files and labels, a new run, and the old id is gone", async () => {
  const { cloud, machines, sandboxId } = await paused();
  cloud.answerNextConnectWithAnotherId(sandboxId);
  const { resumed, sandbox } = await cloud.connect(sandboxId, 60);
  expect(resumed).toBe(true);
  expect(sandbox).toMatchObject({ templateId: "base", metadata: { app: "demo" }, state: "running" });
  expect(sandbox.sandboxId).not.toBe(sandboxId);
  expect(machines.asked).toEqual(["saveSnapshot", "start", "removeSnapshot", "destroy"]);
  expect(cloud.views().map((view) => view.sandboxId)).toEqual([sandbox.sandboxId]);
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject({ status: 404 });
  await cloud.pause(sandbox.sandboxId);
  expect((await cloud.connect(sandbox.sandboxId)).sandbox.sandboxId).toBe(sandbox.sandboxId);
});
