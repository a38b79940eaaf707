/** Faults from outside, which no call announces: the cloud goes on as if nothing had happened. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const base = { templateId: "base" };

test("a sandbox killed behind the client's back is gone, running or paused; what is not there is false", async () => {
  const { cloud } = fakeCloud();
  const [running, paused] = await Promise.all([cloud.create(base), cloud.create(base)]);
  await cloud.pause(paused.sandboxId);
  for (const { sandboxId } of [running, paused]) {
    expect(await cloud.killBehindTheBack(sandboxId)).toBe(true);
    expect(await cloud.killBehindTheBack(sandboxId)).toBe(false);
    await expect(cloud.connect(sandboxId)).rejects.toMatchObject({ status: 404 });
  }
});

test("a running sandbox that lost its memory runs on without its processes, and nothing shows it", async () => {
  const { cloud, machines, events } = fakeCloud();
  const created = await cloud.create(base);
  await cloud.loseMemory(created.sandboxId);
  expect(machines.asked).toEqual(["start", "powerOff", "powerOn"]);
  expect(cloud.get(created.sandboxId)).toEqual(created);
  expect(events).toHaveLength(1);
});

test("a paused sandbox that lost its memory shows as before, and resumes without its processes", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause", autoResume: true });
  await cloud.pause(sandboxId);
  const before = cloud.get(sandboxId);
  await cloud.loseMemory(sandboxId);
  expect(cloud.get(sandboxId)).toEqual(before);
  expect(await cloud.admit(sandboxId, { kind: "envd", isAuthorized: true })).toEqual({ kind: "open" });
  expect(machines.asked).toEqual(["start", "stop", "powerOff", "powerOn"]);
  await cloud.pause(sandboxId);
  await cloud.connect(sandboxId);
  expect(machines.asked.slice(4)).toEqual(["stop", "continue"]);
});

test("a memory lost in the middle of a pause is lost before or after it, not between", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  const losing = cloud.loseMemory(sandboxId);
  letStop();
  await Promise.all([pausing, losing]);
  expect(machines.asked).toEqual(["start", "stop", "powerOff"]);
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test("files are lost in every state, and no state changes by it", async () => {
  const { cloud, machines } = fakeCloud();
  const created = await cloud.create(base);
  await cloud.loseFiles(created.sandboxId, ["/home/user/app"]);
  expect(cloud.get(created.sandboxId)).toEqual(created);
  await cloud.pause(created.sandboxId);
  await cloud.loseFiles(created.sandboxId, ["/home/user/app"]);
  expect(machines.asked).toEqual(["start", "loseFiles", "stop", "loseFiles"]);
});

test("faults of what is not there are 404", async () => {
  const { cloud } = fakeCloud();
  await expect(cloud.loseMemory("imissing")).rejects.toMatchObject({ status: 404 });
  await expect(cloud.loseFiles("imissing", [])).rejects.toMatchObject({ status: 404 });
  const another = () => cloud.answerNextConnectWithAnotherId("imissing");
  expect(another).toThrow(expect.objectContaining({ status: 404 }));
});
