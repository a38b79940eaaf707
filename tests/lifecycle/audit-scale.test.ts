/** What an audit costs with ten thousand sandboxes, as counts of calls: E2B's rate and Upstash's bill. */
import { expect, test } from "vitest";
import { type Scope, sandboxIdSchema } from "@/lib/ids";
import type { ListedSandbox, Sandboxes } from "@/lib/sandbox/port";
import { auditNow, scopeOf } from "@/tests/support/audits";
import { createWorld, type World } from "@/tests/support/world";

const COUNT = 10_000;
const PER_PAGE = 100;

/** Paused previews of other projects, as the provider lists them and as Redis has them. */
async function tenThousand(world: World) {
  const ids: string[] = [];
  const all = new Map<string, ListedSandbox>();
  for (let index = 0; index < COUNT; index += 1) {
    const of = scopeOf(`project-${index}`);
    const sandboxId = `i${String(index).padStart(20, "0")}`;
    ids.push(sandboxId);
    all.set(sandboxId, pausedOf(world, of, sandboxId));
    const previewId = world.store.previewIdOf(of);
    const fields = {
      v: "1",
      state: "paused",
      projectId: of.projectId,
      userId: of.userId,
      wanted: "resting",
      epoch: "1",
    };
    const more = { reason: "idle", changedAt: "1", sandboxId, pausedAt: "1" };
    await world.redis.command(
      "HSET",
      `rekindle:test:preview:${previewId}`,
      ...Object.entries({ ...fields, ...more }).flat(),
    );
    await world.redis.command(
      "ZADD",
      "rekindle:test:named",
      "1",
      `${sandboxId}/${of.projectId}/${of.userId}`,
    );
  }
  return { ids, all };
}

function pausedOf(world: World, of: Scope, sandboxId: string): ListedSandbox {
  return {
    sandboxId: sandboxIdSchema.parse(sandboxId),
    state: "paused",
    startedAt: 1,
    endsAt: 1,
    labels: {
      app: "rekindle",
      env: "test",
      previewId: world.store.previewIdOf(of),
      projectId: of.projectId,
      userId: of.userId,
      epoch: "1",
    },
  };
}

test("ten thousand sandboxes are a hundred lists and a hundred scripts, and beyond that a few calls for each finding", async () => {
  const world = await createWorld();
  const { ids, all } = await tenThousand(world);
  const calls: Record<string, number> = {};
  const counted = (call: string) => {
    calls[call] = (calls[call] ?? 0) + 1;
  };
  const stub: Pick<Sandboxes, "listPage" | "count" | "observe"> = {
    async listPage(_labels, from = "0") {
      counted("listPage");
      const begin = Number(from);
      const page = ids.slice(begin, begin + PER_PAGE).flatMap((id) => all.get(id) ?? []);
      const next = begin + PER_PAGE;
      return next < ids.length ? { sandboxes: page, next: String(next) } : { sandboxes: page };
    },
    async count() {
      counted("count");
      return { ours: 0, others: 0 };
    },
    async observe(sandboxId) {
      counted("observe");
      return all.has(sandboxId) ? { kind: "paused", pausedAt: 1 } : { kind: "gone" };
    },
  };
  Object.assign(world.runtime, { sandboxes: { ...world.runtime.sandboxes, ...stub } });
  // Three are gone.
  for (const id of ids.splice(5_000, 3)) all.delete(id);

  expect(await auditNow(world)).toMatchObject({ sandboxes: COUNT - 3, counts: { vanished: 3 } });
  // What seems to be gone is asked for once by the audit, and once more before the record says so.
  expect(calls).toEqual({ listPage: 100, count: 1, observe: 6 });
  expect(auditScripts(world)).toEqual({ "audit-page": 100, "audit-unseen": 1 });

  expect(await auditNow(world, { isDryRun: true })).toMatchObject({ sandboxes: COUNT - 3, counts: {} });
  // It marks nothing, and so goes through all that was named before it, a thousand at a time.
  expect(calls).toEqual({ listPage: 200, count: 1, observe: 6 });
  expect(auditScripts(world)).toEqual({ "audit-page": 200, "audit-unseen": 11 });
});

const auditScripts = (world: World) =>
  Object.fromEntries([...world.redis.scriptCalls].filter(([name]) => name.startsWith("audit-")));
