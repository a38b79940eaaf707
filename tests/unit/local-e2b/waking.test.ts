/** What traffic may do, by rows of e2b.md §2.6 and §3.6. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";

const SECOND = 1000;
const waking = { templateId: "base", onTimeout: "pause", autoResume: true } as const;
const envd = { kind: "envd", isAuthorized: true } as const;
const page = { kind: "preview", accessToken: undefined } as const;

test.each([envd, page])(
  "§2.6 traffic ($kind) wakes a paused autoResume sandbox and is let in once it runs",
  async (traffic) => {
    const { cloud, machines } = fakeCloud();
    const { sandboxId } = await cloud.create(waking);
    await cloud.pause(sandboxId);
    const letContinue = machines.hold("continue");
    const admitted = cloud.admit(sandboxId, traffic);
    expect(cloud.get(sandboxId).state).toBe("paused");
    letContinue();
    expect(await admitted).toEqual({ kind: "open" });
    expect(cloud.isRunning(sandboxId)).toBe(true);
  },
);

test("§2.6 traffic that comes together makes one resume", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(waking);
  await cloud.pause(sandboxId);
  const admitted = await Promise.all([envd, page, envd].map((traffic) => cloud.admit(sandboxId, traffic)));
  expect(admitted.map(({ kind }) => kind)).toEqual(["open", "open", "open"]);
  expect(machines.asked.filter((effect) => effect === "continue")).toHaveLength(1);
});

test("§2.6 traffic waits for a pause under way and then wakes it", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(waking);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  const admitted = cloud.admit(sandboxId, page);
  letStop();
  await pausing;
  expect(await admitted).toEqual({ kind: "open" });
});

test("§2.6 without autoResume traffic wakes nothing, in any state of rest", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ templateId: "base" });
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "not-found" });
  letStop();
  await pausing;
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "not-found" });
  const letContinue = machines.hold("continue");
  const connecting = cloud.connect(sandboxId);
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "not-found" });
  letContinue();
  await connecting;
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "open" });
  await cloud.kill(sandboxId);
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "not-found" });
});

test("§2.6 a sandbox paused without memory is not woken", async () => {
  const { cloud } = fakeCloud();
  const { sandboxId } = await cloud.create(waking);
  await cloud.pause(sandboxId, "dropped");
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "not-found" });
  expect(cloud.get(sandboxId).state).toBe("paused");
});

test.each([
  [60, 300],
  [299, 300],
  [300, 300],
  [301, 301],
  [3600, 3600],
])("§2.6 a sandbox created for %i s is woken for %i s", async (createdFor, wokenFor) => {
  const { cloud, clock } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...waking, timeoutSeconds: createdFor });
  cloud.setTimeout(sandboxId, 1000);
  await cloud.pause(sandboxId);
  await cloud.admit(sandboxId, page);
  expect(cloud.get(sandboxId)).toMatchObject({
    startedAt: clock.now(),
    endAt: clock.now() + wokenFor * SECOND,
  });
});

test("§2.6 a plan shorter than 300 s bounds the woken run", async () => {
  const { cloud, clock } = fakeCloud({ maxRunMs: 20 * SECOND });
  const { sandboxId } = await cloud.create(waking);
  await cloud.pause(sandboxId);
  await cloud.admit(sandboxId, page);
  expect(cloud.get(sandboxId).endAt).toBe(clock.now() + 20 * SECOND);
});

test("§2.6 traffic that would wake it at the plan's limit is told so", async () => {
  const { cloud } = fakeCloud({ maxConcurrent: 1 });
  const { sandboxId } = await cloud.create(waking);
  await cloud.pause(sandboxId);
  await cloud.create({ templateId: "base" });
  expect(await cloud.admit(sandboxId, page)).toMatchObject({ kind: "over-limit", error: { status: 429 } });
});

test("§3.6 a closed preview wants the traffic token, running or to be woken; envd does not", async () => {
  const { cloud } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...waking, allowPublicTraffic: false });
  const right = { kind: "preview", accessToken: `token of ${sandboxId}` } as const;
  const wrong = { kind: "preview", accessToken: "wrong" } as const;
  for (const traffic of [page, wrong]) {
    expect(await cloud.admit(sandboxId, traffic)).toEqual({ kind: "forbidden" });
  }
  expect(await cloud.admit(sandboxId, right)).toEqual({ kind: "open" });
  expect(await cloud.admit(sandboxId, envd)).toEqual({ kind: "open" });
  await cloud.pause(sandboxId);
  expect(await cloud.admit(sandboxId, wrong)).toEqual({ kind: "forbidden" });
  expect(cloud.get(sandboxId).state).toBe("paused");
  expect(await cloud.admit(sandboxId, right)).toEqual({ kind: "open" });
});

test("§2.7 traffic to a sandbox being snapshotted waits for it", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create({ templateId: "base" });
  const letSave = machines.hold("saveSnapshot");
  const snapshot = cloud.createSnapshot(sandboxId);
  const admitted = cloud.admit(sandboxId, page);
  letSave();
  await snapshot;
  expect(await admitted).toEqual({ kind: "open" });
});

test("§3.6 traffic and connect give up on a sandbox that keeps changing", async () => {
  const saved: Promise<unknown>[] = [];
  const { cloud } = fakeCloud(
    {},
    {
      onEvent: ({ change, sandbox }) => {
        const again = change.kind === "checkpointed" && saved.length < 5;
        if (again) saved.push(cloud.createSnapshot(sandbox.sandboxId));
      },
    },
  );
  const { sandboxId } = await cloud.create({ templateId: "base" });
  saved.push(cloud.createSnapshot(sandboxId));
  const admitted = cloud.admit(sandboxId, page);
  const refusal = { status: 409, message: `Sandbox "${sandboxId}" is being changed` };
  await expect(cloud.connect(sandboxId)).rejects.toMatchObject(refusal);
  expect(await admitted).toEqual({ kind: "changing" });
  expect(saved).toHaveLength(5);
  await Promise.all(saved);
  expect(await cloud.admit(sandboxId, page)).toEqual({ kind: "open" });
});

test("§2.6 a call to envd without the sandbox's token is refused and wakes nothing", async () => {
  const { cloud, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(waking);
  await cloud.pause(sandboxId);
  expect(await cloud.admit(sandboxId, { kind: "envd", isAuthorized: false })).toEqual({ kind: "forbidden" });
  expect(cloud.get(sandboxId).state).toBe("paused");
  expect(machines.asked).not.toContain("continue");
});
