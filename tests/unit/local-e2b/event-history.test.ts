/** What the events API can tell, by the rows of e2b.md §5.4. */
import { expect, test } from "vitest";
import { uuidFrom } from "@/lib/local/e2b/events/event-payload";
import { seededRandom } from "@/lib/random";
import { lifecycleStage } from "./lifecycle-stage";

const WEEK_MS = 7 * 24 * 3_600_000;

test("§5.4 a payload is version 2 with the sandbox, its run, its metadata and the time", async () => {
  const { events, sandbox, tell, all, clock } = await lifecycleStage();
  tell({ kind: "created" });
  const [payload] = events.history.list(all);
  expect(payload).toEqual({
    version: "v2",
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    type: "sandbox.lifecycle.created",
    eventData: { sandbox_metadata: { app: "demo" } },
    sandboxId: sandbox.sandboxId,
    sandboxBuildId: expect.any(String),
    sandboxExecutionId: "run-1",
    sandboxTeamId: expect.any(String),
    sandboxTemplateId: "base",
    timestamp: new Date(clock.now()).toISOString(),
  });
});

test("§5.4 a paused or killed run says when it started and how many milliseconds it ran", async () => {
  const { events, sandbox, tell, all, clock } = await lifecycleStage();
  await clock.advance(1500);
  tell({ kind: "paused" }, { endAt: clock.now() });
  await clock.advance(60_000);
  tell({ kind: "killed", killReason: "request" }, { endAt: clock.now() - 60_000 });
  tell({ kind: "killed", killReason: "timeout" });
  const ran = (execution_time: number) => ({
    started_at: new Date(sandbox.startedAt).toISOString(),
    vcpu_count: 2,
    memory_mb: 512,
    execution_time,
  });
  expect(events.history.list(all).map(({ eventData }) => eventData)).toEqual([
    { sandbox_metadata: { app: "demo" }, execution: ran(1500) },
    { sandbox_metadata: { app: "demo" }, execution: ran(1500), kill_reason: "request" },
    { sandbox_metadata: { app: "demo" }, execution: ran(61_500), kill_reason: "timeout" },
  ]);
});

test("§5.4 set_timeout is the new end of the run, and absent when something else changed", async () => {
  const { events, sandbox, tell, all } = await lifecycleStage();
  tell({ kind: "updated", setTimeoutSeconds: 300 });
  tell({ kind: "updated" });
  const [moved, other] = events.history.list(all);
  expect(moved?.eventData.set_timeout).toBe(new Date(sandbox.endAt).toISOString());
  expect(other?.eventData).not.toHaveProperty("set_timeout");
});

test("§5.4 events come newest first, or oldest first, with offset and limit", async () => {
  const { events, tell } = await lifecycleStage();
  for (const kind of ["created", "paused", "resumed", "checkpointed"] as const) tell({ kind });
  const kinds = (isAscending: boolean, offset: number, limit: number) =>
    events.history.list({ isAscending, offset, limit }).map(({ type }) => type.split(".").at(-1));
  expect(kinds(false, 0, 2)).toEqual(["checkpointed", "resumed"]);
  expect(kinds(true, 1, 2)).toEqual(["paused", "resumed"]);
  expect(kinds(false, 3, 10)).toEqual(["created"]);
  expect(kinds(false, 4, 10)).toEqual([]);
});

test("§5.4 events are narrowed to a sandbox and to types", async () => {
  const { events, sandbox, tell, all } = await lifecycleStage();
  tell({ kind: "created" });
  tell({ kind: "created" }, { sandboxId: "iother" });
  tell({ kind: "paused" });
  const { sandboxId } = sandbox;
  expect(events.history.list({ ...all, sandboxId })).toHaveLength(2);
  const types = new Set(["sandbox.lifecycle.created"] as const);
  expect(events.history.list({ ...all, sandboxId, types }).map(({ type }) => type)).toEqual([...types]);
});

test("§5.4 an event is kept for seven days to the millisecond", async () => {
  const { events, tell, all, clock } = await lifecycleStage();
  tell({ kind: "created" });
  await clock.advance(WEEK_MS);
  expect(events.history.list(all)).toHaveLength(1);
  await clock.advance(1);
  expect(events.history.list(all)).toEqual([]);
});

test("of very many events the newest ten thousand are kept", async () => {
  const { events, tell } = await lifecycleStage();
  for (let at = 0; at < 20_002; at += 1) tell({ kind: "created" }, { sandboxId: `i${at}` });
  const ids = (offset: number) =>
    events.history.list({ isAscending: true, offset, limit: 1 }).map(({ sandboxId }) => sandboxId);
  expect([ids(0), ids(9_999), ids(10_000)]).toEqual([["i10002"], ["i20001"], []]);
});

test("a seed gives the same ids", () => {
  expect(uuidFrom(seededRandom(3))).toBe(uuidFrom(seededRandom(3)));
  expect(uuidFrom(seededRandom(3))).not.toBe(uuidFrom(seededRandom(4)));
});
