/** Pins the step ids of open-preview: runs in flight meet newer code, and a step of a new name would be done again. */
import { InngestTestEngine, mockCtx } from "@inngest/test";
import { expect, test, vi } from "vitest";
import { openPreview } from "@/functions/open-preview";
import { previewRequested } from "@/inngest/events";
import { createWorld, scope, type World } from "@/tests/support/world";

/** The function over a world whose clock goes on by itself, as the steps wait for it. Every sendEvent is mocked. */
async function run(world: World, ts: number, announceId: string) {
  const engine = new InngestTestEngine({
    function: openPreview(world.runtime),
    events: [{ ...previewRequested.create({ ...scope }, { id: "e1", ts }), ts, id: "e1" }],
    // The test engine gives every step a run of its own; a run is one, and its claim is named after it.
    transformCtx: (context) => ({ ...mockCtx(context), runId: "01TESTRUN000000000000000" }),
    steps: [{ id: announceId, handler: () => ({ ids: ["1"] }) }],
  });
  const { result, error, ctx } = await world.finish(() => engine.execute());
  return { result, error, ids: vi.mocked(ctx.step.run).mock.calls.map(([id]) => String(id)), ctx };
}

test("a cold start goes through its steps by these names", async () => {
  const world = await createWorld({ policy: { pollEveryMs: 1_000 } });

  const { result, error, ids, ctx } = await run(world, world.clock.now(), "announce");

  expect(error).toBeUndefined();
  expect(result).toEqual({ result: "ready" });
  expect(ids).toEqual([
    "claim",
    "acquire-sandbox",
    "bring-files",
    "poll-install-0",
    "poll-server-0",
    "commit-running",
  ]);
  expect(vi.mocked(ctx.step.sendEvent).mock.calls.map(([id]) => id)).toEqual(["announce"]);
});

test("a boot that fails goes through its steps by these names", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });

  const { result, ids, ctx } = await run(world, world.clock.now(), "announce-failure");

  expect(result).toEqual({ result: "failed", reason: "install-failed" });
  expect(ids).toEqual(["claim", "acquire-sandbox", "bring-files", "poll-install-0", "mark-failed"]);
  expect(vi.mocked(ctx.step.sendEvent).mock.calls.map(([id]) => id)).toEqual(["announce-failure"]);
});

test("a stale request is one step", async () => {
  const world = await createWorld();

  const { result, ids } = await run(
    world,
    world.clock.now() - world.policy.requestFreshForMs - 1,
    "announce",
  );

  expect(result).toEqual({ result: "stale-request" });
  expect(ids).toEqual(["claim"]);
});

test("no step's result holds a file's content, a key or a token", async () => {
  const world = await createWorld({
    files: {
      revision: async () => "r1",
      load: async () => ({
        revision: "r1",
        files: [{ path: "package.json", content: '{"scripts":{"dev":"CANARY"}}' }],
      }),
    },
  });

  await world.ready();
  await world.leave();
  await world.advance(5 * 60_000);

  const { events, runs } = world.engine.history();
  expect(JSON.stringify({ events, runs })).not.toContain("CANARY");
});
