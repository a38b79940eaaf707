/** The operators' switches, suspended users and what a user uses least, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseScope, parseUserId, type Scope } from "@/lib/ids";
import { fleetKeys } from "@/lib/store/keys";
import {
  availableEngines,
  environment,
  leaseGranted,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
} from "./stores";

const user = parseUserId("u1");
const keys = fleetKeys(environment);
const long = "x".repeat(300);

describe.each(await availableEngines())("on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const redisNow = async () => (await at.fleet.state()).now;

  describe("a switch", () => {
    test("that is on says who turned it, since when and why, and the one that was turned first comes first", async () => {
      expect(await at.fleet.turn("hold-everything", { on: false })).toEqual([]);
      const before = await redisNow();
      await at.fleet.turn("stop-creating", { on: true, by: "ann", why: "an outage" });
      await at.clock.advance(5);
      const both = await at.fleet.turn("hold-everything", { on: true, by: "bob", why: "to look" });
      await at.fleet.recordCount({ ours: 0, others: 3 });

      expect(both).toEqual([
        { name: "stop-creating", by: "ann", why: "an outage", since: expect.any(Number) },
        { name: "hold-everything", by: "bob", why: "to look", since: expect.any(Number) },
      ]);
      expect(both[0]?.since).toBeGreaterThanOrEqual(before);
      expect((await at.fleet.state()).switches).toEqual(both);
    });

    test("is sorted by when it was turned, in whatever order Redis keeps them", async () => {
      await at.sdk.hset(keys.fleet, {
        "switch:hold-everything": "2000\nbob\nlater",
        "switch:stop-creating": "1000\nann\nfirst",
        "switch:one-of-newer-code": "1\nx\ny",
        "not-a-switch:stop-creating": "1\nx\ny",
      });

      expect((await at.fleet.state()).switches).toEqual([
        { name: "stop-creating", by: "ann", why: "first", since: 1_000 },
        { name: "hold-everything", by: "bob", why: "later", since: 2_000 },
      ]);
    });

    test("without its words is on all the same", async () => {
      await at.sdk.hset(keys.fleet, { "switch:stop-creating": "1000" });

      expect((await at.fleet.state()).switches).toEqual([
        { name: "stop-creating", by: "", why: "", since: 1_000 },
      ]);
    });

    test("turned on again keeps its first word; turned off and on it has a new one", async () => {
      const first = await at.fleet.turn("stop-creating", { on: true, by: "ann", why: "an outage" });

      expect(await at.fleet.turn("stop-creating", { on: true, by: "bob", why: "more" })).toEqual(first);
      expect(await at.fleet.turn("stop-creating", { on: false })).toEqual([]);
      const again = await at.fleet.turn("stop-creating", { on: true, by: "bob", why: "more" });
      expect(again).toMatchObject([{ by: "bob", why: "more" }]);
    });

    test("keeps what was typed as one line of at most 200 letters", async () => {
      const why = "  it is \n broken\t\tagain ";
      const typed = await at.fleet.turn("stop-creating", { on: true, by: long, why });

      expect(typed).toMatchObject([{ by: "x".repeat(200), why: "it is broken again" }]);
    });
  });

  describe("a user's suspension", () => {
    test("names their previews, says who suspended them, since when and why, and ends once", async () => {
      const other = parseScope("p2", "u1");
      await at.open("one");
      await at.open("two", {}, other);
      await at.open("three", {}, parseScope("p1", "u2"));
      const before = await redisNow();
      const projects = (scopes: readonly Scope[]) => scopes.map(({ projectId }) => projectId).sort();

      const previews = await at.fleet.suspend(user, " ann\n", "not paid");

      expect(previews.every(({ userId }) => userId === user)).toBe(true);
      expect(projects(previews)).toEqual(["p1", "p2"]);
      const told = await at.fleet.suspension(user);
      expect(told).toEqual({ userId: user, by: "ann", why: "not paid", since: expect.any(Number) });
      expect(told?.since).toBeGreaterThanOrEqual(before);
      expect((await at.store.read(scope)).snapshot.suspendedBecause).toBe("not paid");
      expect(await at.fleet.unsuspend(user)).toBe(true);
      expect(await at.fleet.unsuspend(user)).toBe(false);
      expect(await at.fleet.suspension(user)).toBeUndefined();
      expect((await at.store.read(scope)).snapshot.suspendedBecause).toBeUndefined();
    });

    test("made again keeps since when, and has the newest reason", async () => {
      await at.fleet.suspend(user, "ann", "not paid");
      const first = await at.fleet.suspension(user);
      await at.clock.advance(5_000);
      await at.fleet.suspend(user, "bob", "abuse");

      expect(await at.fleet.suspension(user)).toEqual({ ...first, by: "bob", why: "abuse" });
    });
  });

  test("of a user's previews with a place those without use come, the least recently used first", async () => {
    const now = await redisNow();
    const projects = ["used", "older", "old", "away"].map((project) => parseScope(project, "u1"));
    for (const each of projects) {
      const lease = leaseGranted(await at.open(each.projectId, {}, each));
      await at.store.commit(lease, {
        operation: "up",
        claim: "release",
        become: "running",
        set: { sandboxId: sandboxA, runStartedAt: now, endsAt: now + policy.keepAliveMs, port: 3000 },
        check: "when-running",
      });
    }
    const usedAgo = {
      used: policy.evictAfterMs - 60_000,
      older: policy.evictAfterMs + 2,
      old: policy.evictAfterMs,
    };
    for (const [project, agoMs] of Object.entries(usedAgo)) {
      await at.sdk.zadd(keys.used, { score: now - agoMs, member: `${project}/u1` });
    }
    await at.sdk.zrem(keys.used, "away/u1");

    expect(await at.fleet.leastUsedOf(user)).toEqual([
      { projectId: "older", userId: "u1" },
      { projectId: "old", userId: "u1" },
    ]);
    expect(await at.fleet.leastUsedOf(parseUserId("u2"))).toEqual([]);
  });
});
