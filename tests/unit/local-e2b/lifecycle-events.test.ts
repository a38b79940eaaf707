/** What the cloud tells of a sandbox's life, by rows of e2b.md §5.4. */
import { expect, test } from "vitest";
import { fakeCloud } from "./fake-machines";
import { HOOK, lifecycleStage } from "./lifecycle-stage";

const base = { templateId: "base" };

test("§5.4 each change is told once, when it has happened, with the run that it belongs to", async () => {
  const { cloud, clock, events, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  cloud.setTimeout(sandboxId, 60);
  await cloud.createSnapshot(sandboxId);
  const letStop = machines.hold("stop");
  const pausing = cloud.pause(sandboxId);
  expect(events.at(-1)?.change.kind).toBe("checkpointed");
  await clock.advance(10);
  letStop();
  await pausing;
  await cloud.connect(sandboxId);
  cloud.updateNetwork(sandboxId, true);
  await cloud.kill(sandboxId);
  expect(events.map(({ change }) => change)).toEqual([
    { kind: "created" },
    { kind: "updated", setTimeoutSeconds: 60 },
    { kind: "checkpointed" },
    { kind: "paused" },
    { kind: "resumed" },
    { kind: "updated" },
    { kind: "killed", killReason: "request" },
  ]);
  const runs = events.map(({ executionId }) => executionId);
  expect(new Set(runs.slice(0, 4)).size).toBe(1);
  expect(new Set(runs.slice(4)).size).toBe(1);
  expect(runs[0]).not.toBe(runs[4]);
  expect(runs[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(events[3]).toMatchObject({ at: clock.now(), sandbox: { sandboxId, state: "paused" } });
});

test("§5.4 who hears of a new sandbox finds it", async () => {
  const found: string[] = [];
  const { cloud } = fakeCloud(
    {},
    { onEvent: ({ sandbox }) => found.push(cloud.get(sandbox.sandboxId).state) },
  );
  await cloud.create(base);
  expect(found).toEqual(["running"]);
});

test("§5.4 a kill says why: the end of the run, or nobody knows", async () => {
  const { cloud, clock, events } = fakeCloud();
  await cloud.create(base);
  await clock.advance(300_000);
  const { sandboxId } = await cloud.create(base);
  expect(await cloud.killBehindTheBack(sandboxId)).toBe(true);
  const reasons = events.flatMap(({ change }) => (change.kind === "killed" ? [change.killReason] : []));
  expect(reasons).toEqual(["timeout", "unknown"]);
});

test("§5.4 what was refused is not told", async () => {
  const { cloud, events, machines } = fakeCloud();
  const { sandboxId } = await cloud.create(base);
  for (const effect of ["stop", "destroy", "saveSnapshot"] as const) machines.refuse(effect);
  await expect(cloud.pause(sandboxId)).rejects.toMatchObject({ status: 503 });
  await expect(cloud.createSnapshot(sandboxId)).rejects.toMatchObject({ status: 503 });
  await expect(cloud.kill(sandboxId)).rejects.toThrow("destroy refused");
  expect(events.map(({ change }) => change.kind)).toEqual(["created"]);
});

test("§5.4 a wake-up by traffic is told as a resume", async () => {
  const { cloud, events } = fakeCloud();
  const { sandboxId } = await cloud.create({ ...base, onTimeout: "pause", autoResume: true });
  await cloud.pause(sandboxId);
  await cloud.admit(sandboxId, { kind: "envd", isAuthorized: true });
  expect(events.map(({ change }) => change.kind)).toEqual(["created", "paused", "resumed"]);
});

test("a kill of a paused sandbox and a move to another id end it without a word, as E2B does", async () => {
  const { cloud, events } = fakeCloud();
  const [killed, moved] = await Promise.all([cloud.create(base), cloud.create(base)]);
  await Promise.all([cloud.pause(killed.sandboxId), cloud.pause(moved.sandboxId)]);
  events.length = 0;
  await cloud.kill(killed.sandboxId);
  cloud.answerNextConnectWithAnotherId(moved.sandboxId);
  const { sandbox } = await cloud.connect(moved.sandboxId);
  expect(events).toMatchObject([{ change: { kind: "resumed" }, sandbox: { sandboxId: sandbox.sandboxId } }]);
});

test("the same seed and the same calls give the same ids and events", async () => {
  const live = async () => {
    const { cloud, events } = fakeCloud();
    const { sandboxId } = await cloud.create(base);
    await cloud.createSnapshot(sandboxId);
    await cloud.pause(sandboxId);
    await cloud.connect(sandboxId);
    return events;
  };
  expect(await live()).toEqual(await live());
});

test("the same seed gives the same event ids, however fast a webhook is answered and retried", async () => {
  const live = async (answer: "taken" | "refused") => {
    const { events, tell, clock, answers, all } = await lifecycleStage();
    events.webhooks.register(HOOK);
    answers.push(answer, answer);
    for (const kind of ["paused", "resumed", "paused"] as const) {
      tell({ kind });
      await clock.advance(20_000);
    }
    return events.history.list(all).map(({ id }) => id);
  };
  const ids = await live("taken");
  expect(new Set(ids).size).toBe(3);
  expect(await live("refused")).toEqual(ids);
});
