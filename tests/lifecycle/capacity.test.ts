/** Many who want to run at a plan with few places: never more than it allows, and nobody is forgotten. */
import { expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import type { PreviewRecord } from "@/lib/preview/record";
import { rested } from "@/tests/support/rested";
import { createWorld, SECOND, type World } from "@/tests/support/world";

/** A boot of a few seconds, looked at seldom. */
const quick = { installMs: 100, answersAfterMs: 100 };
const few = { graceAfterLeftMs: 10 * SECOND, pollEveryMs: 2 * SECOND };

/** What was never built has no server of its own. */
function answerWhereverItRuns(world: World): void {
  world.probes.answer = async (sandboxId) =>
    world.cloud.isRunning(sandboxId) ? { kind: "answers", status: 200 } : { kind: "not-running" };
}

const placesOf = async (world: World): Promise<number> => (await world.runtime.fleet.state()).taken;

test("a hundred opens of forty users at twenty places: never more than twenty run, in fair order, and everybody gets to run by itself", async () => {
  // The plan would let more run: only the places keep them from it.
  const world = await createWorld({
    project: quick,
    maxConcurrent: 100,
    policy: { ...few, planConcurrency: 20 },
  });
  // Most of them rest, so that few have to be built.
  const all = Array.from({ length: 100 }, (_, index) => parseScope(`p${index}`, `u${index % 40}`));
  for (const [index, of] of all.entries()) if (index % 10 > 0) await rested(world, of);
  answerWhereverItRuns(world);
  let mostRunning = 0;
  const createdAt: number[] = [];
  world.faults.interpose(async (call) => {
    if (call === "sandboxes.create") createdAt.push(world.clock.now());
    if (call.startsWith("sandboxes.")) mostRunning = Math.max(mostRunning, world.running().length);
  });

  const opens = all.map((of) => world.begin(() => world.rekindle.open({ ...of, viewerId: "v1" })));
  await world.advance(2 * SECOND);
  const first = await Promise.all(opens);
  let mostPlaces = 0;
  const here = new Map(all.map((of) => [String(of.projectId), of]));
  for (let round = 0; here.size > 0 && round < 100; round += 1) {
    await world.advance(5 * SECOND);
    mostPlaces = Math.max(mostPlaces, await placesOf(world));
    for (const { metadata, startedAt } of world.running()) {
      const of = here.get(String(metadata.projectId));
      if (!of || world.clock.now() - startedAt < 30 * SECOND) continue;
      here.delete(of.projectId);
      await world.leave("v1", of);
    }
  }

  expect(
    first.filter(({ state, line }) => !line && (state === "running" || state === "starting")),
  ).toHaveLength(20);
  expect(first.flatMap(({ line }) => line?.position ?? [])).toHaveLength(80);
  expect([here.size, mostRunning, mostPlaces]).toEqual([0, 20, 20]);
  // No faster than the plan creates.
  for (const [index, at] of createdAt.entries())
    expect(at - (createdAt[index - 1] ?? 0)).toBeGreaterThan(900);
  // The nth preview of one user never came to run before another's nth less one.
  const records = await Promise.all(all.map(world.record));
  const runAt = (record: PreviewRecord) => Number("runStartedAt" in record && record.runStartedAt);
  const inOrder = records.toSorted((left, right) => runAt(left) - runAt(right));
  const had = new Map<string, number>();
  const turns = inOrder.map(({ userId }) => {
    had.set(userId, (had.get(userId) ?? 0) + 1);
    return had.get(userId);
  });
  expect(turns).toEqual(turns.toSorted());
  expect(records.filter(({ cameBack }) => cameBack === "resumed")).toHaveLength(90);
  expect(records.filter(({ cameBack }) => cameBack === "rebuilt-cold")).toHaveLength(10);
});
