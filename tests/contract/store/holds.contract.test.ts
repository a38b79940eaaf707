/** Holds, partings, and renewals of what is in use, on every engine; the rest of claims and signs stands beside. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { healRunningAt } from "@/lib/preview/decide";
import type { HoldReply } from "@/lib/store/store";
import {
  availableEngines,
  holdOf,
  leaseGranted,
  leaseOf,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
  viewer,
} from "./stores";

const engines = await availableEngines();

describe.each(engines)("on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const hold = (name: string, maxMs = 60_000) => at.store.hold(scope, holdOf(name), maxMs);
  const release = (name: string) => at.store.release(scope, holdOf(name));
  const beat = (name = "v1") => at.store.touch(scope, { kind: "beat", viewerId: viewer(name) });
  const left = (name = "v1") => at.store.touch(scope, { kind: "left", viewerId: viewer(name) });
  const pauseClaim = () => at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" });
  const snapshotOf = async () => (await at.store.read(scope)).snapshot;
  const kinds = (replies: readonly HoldReply[]) => replies.map(({ kind }) => kind);

  describe("a hold", () => {
    test("needs a preview: without one nothing is written", async () => {
      expect(kinds([await hold("task"), await release("task")])).toEqual(["absent", "absent"]);
      expect(await at.sdk.dbsize()).toBe(0);
    });

    test("is counted until it is given back, moves neither claim nor epoch, and is remembered", async () => {
      await at.running();
      const taken = await hold("task");
      const during = await snapshotOf();
      const replies = [await release("task"), await release("task"), await release("never-held")];

      expect(taken).toMatchObject({
        kind: "held",
        snapshot: { holds: 1, record: { epoch: 1, state: "running" } },
      });
      expect(during).toMatchObject({ holds: 1, record: { wanted: "running" } });
      expect(during.record.leaseId).toBeUndefined();
      expect(kinds(replies)).toEqual(["released", "not-held", "not-held"]);
      expect(await snapshotOf()).toMatchObject({ holds: 0, record: { epoch: 1 } });
      expect((await at.store.history(scope, 2)).map(({ kind }) => kind)).toEqual(["released", "held"]);
    });

    test("that is asked for again keeps its end, and is remembered once", async () => {
      await at.running();
      const first = await hold("task", 60_000);
      const again = await hold("task", 3_600_000);

      expect(again).toMatchObject({ kind: "held", endsAt: first.kind === "held" ? first.endsAt : 0 });
      expect(await snapshotOf()).toMatchObject({ holds: 1 });
      expect((await at.store.history(scope, 10)).filter(({ kind }) => kind === "held")).toHaveLength(1);
    });

    test("among several: the latest end is the preview's, whichever is given back", async () => {
      await at.running();
      const ends = [await hold("short", 60_000), await hold("long", 120_000), await hold("middle", 90_000)];
      const [, long, middle] = ends.map((reply) => (reply.kind === "held" ? reply.endsAt : 0));

      const heldUntil = [(await snapshotOf()).record.heldUntil];
      for (const name of ["short", "long", "middle"]) {
        await release(name);
        heldUntil.push((await snapshotOf()).record.heldUntil);
      }

      expect(heldUntil).toEqual([long, long, middle, undefined]);
    });

    test("counts as use while it is taken and given back, and never as later than now", async () => {
      await at.running();
      await at.overwrite({ lastActiveAt: "1" });
      const taken = await hold("task", 3_600_000);
      await at.overwrite({ lastActiveAt: "1" });
      const givenBack = await release("task");

      for (const reply of [taken, givenBack]) {
        if (reply.kind === "absent") throw new Error("there is a preview");
        expect(reply.snapshot.record.lastActiveAt).toBe(reply.snapshot.now);
      }
    });

    test("that ended by itself counts until its end, when it is given back late, and never backwards", async () => {
      await at.running();
      const endedAt = (await snapshotOf()).now - 30_000;
      const late = async (lastActiveAt: number) => {
        await at.sdk.zadd(at.keyOf(scope, 6), { score: endedAt, member: "task" });
        await at.overwrite({ lastActiveAt: String(lastActiveAt) });
        await release("task");
        return (await snapshotOf()).record.lastActiveAt;
      };

      expect([await late(1), await late(endedAt + 1)]).toEqual([endedAt, endedAt + 1]);
    });

    test("refuses every pause, and says that running is wanted while one is made", async () => {
      await at.running();
      await hold("task");
      const refused = await pauseClaim();
      await release("task");
      leaseGranted(await pauseClaim());
      const before = (await snapshotOf()).record.wanted;
      await hold("task");

      expect(refused.kind).toBe("active");
      expect([before, (await snapshotOf()).record.wanted]).toEqual(["resting", "running"]);
    });

    test("moves the sweep's look to an idle time after its end, but never over a claim", async () => {
      await at.running();
      const farEnd = String((await snapshotOf()).now + policy.maxRunMs);
      await at.overwrite({ endsAt: farEnd });
      const taken = await hold("task", 20 * 60_000);
      const moved = await at.dueAt();
      await release("task");
      leaseGranted(await pauseClaim());
      const claimed = await at.dueAt();
      await hold("task");

      expect(taken.kind).toBe("held");
      if (taken.kind !== "held") return;
      expect(moved).toBe(taken.endsAt + policy.idleAfterMs + policy.healAfterMs);
      expect(await at.dueAt()).toBe(claimed);
    });
  });

  describe("a renewal's claim", () => {
    const renewal = (quietForMs?: number) =>
      at.store.claim(scope, {
        kind: "renew",
        leaseId: leaseOf("r"),
        reason: "renewal",
        ...(quietForMs === undefined ? {} : { quietForMs }),
      });

    test("waits for who was active and who holds; at the last moment for neither", async () => {
      await at.running();
      await beat();
      const whileActive = await renewal(policy.quietAfterMs);
      await at.overwrite({ lastActiveAt: "1" });
      await hold("task");
      await at.overwrite({ lastActiveAt: "1" });
      const whileHeld = [await renewal(policy.quietAfterMs), await renewal(0)];
      const atLast = await renewal();

      expect([whileActive, ...whileHeld].map(({ kind }) => kind)).toEqual(["active", "active", "active"]);
      expect(atLast).toMatchObject({
        kind: "granted",
        snapshot: { record: { state: "pausing", reason: "renewal", wanted: "running", leaseKind: "renew" } },
      });
    });

    test("of an agent at rest waits for other agents only", async () => {
      await at.running();
      await beat();

      expect((await renewal(0)).kind).toBe("granted");
    });

    test("applies to what runs only, and a sync goes on running", async () => {
      await at.running();
      const sync = leaseGranted(await at.store.claim(scope, { kind: "sync", leaseId: leaseOf("s") }));
      const during = (await snapshotOf()).record.state;
      const busy = await renewal();
      await at.store.commit(sync, { operation: "done", claim: "release", check: "when-running" });
      leaseGranted(await pauseClaim());
      await at.lapse();

      expect([during, busy.kind]).toEqual(["running", "busy"]);
      expect([
        (await renewal()).kind,
        (await at.store.claim(scope, { kind: "sync", leaseId: leaseOf("s") })).kind,
      ]).toEqual(["not-applicable", "not-applicable"]);
    });
  });

  describe("when everybody left", () => {
    const leftAt = async () => (await snapshotOf()).record.leftAt;

    test("it is written with the last one's parting, once, and moves the sweep's look to the grace's end", async () => {
      await at.running();
      await beat("v1");
      await beat("v2");
      await left("v1");
      const whileOthers = await leftAt();
      await left("v2");
      const first = await leftAt();
      const lookAt = await at.dueAt();
      await at.overwrite({ leftAt: "1000000000000" });
      await left("v2");

      expect(whileOthers).toBeUndefined();
      expect(lookAt).toBe(Number(first) + policy.graceAfterLeftMs + policy.healAfterMs);
      expect(await leftAt()).toBe(1_000_000_000_000);
    });

    test("a beat, a person's open and a later sign of the product's forget it; an older sign and an agent do not", async () => {
      await at.running();
      await left();
      const parted = Number(await leftAt());
      await at.store.touch(scope, { kind: "activity", at: parted - 1 });
      await at.open("agent", { isByPerson: false });
      await hold("task");
      await release("task");
      const kept = await leftAt();
      await beat();
      const afterBeat = await leftAt();
      await left();
      await at.open("person", { isByPerson: true });
      const afterOpen = await leftAt();
      await at.overwrite({ leftAt: String(parted - 10_000) });
      await at.store.touch(scope, { kind: "activity", at: parted - 9_999 });

      expect(kept).toBe(parted);
      expect([afterBeat, afterOpen, await leftAt()]).toEqual([undefined, undefined, undefined]);
    });
  });

  test("a script and TypeScript agree on when a running preview is looked at, whatever is known of it", async () => {
    await at.running();
    const { now } = await snapshotOf();
    const near = fc.integer({ min: now - 2 * policy.maxRunMs, max: now + 2 * policy.maxRunMs });
    const maybe = fc.option(near, { nil: undefined });
    const known = fc.record({
      lastActiveAt: maybe,
      readyAt: maybe,
      heldUntil: maybe,
      leftAt: maybe,
      runCapAt: maybe,
      syncAskedAt: maybe,
      runStartedAt: near,
      endsAt: near,
      changedAt: near,
    });
    const there = fc.record({ viewers: fc.boolean(), holds: fc.boolean() });

    await fc.assert(
      fc.asyncProperty(known, there, async (fields, { viewers, holds }) => {
        await at.sdk.del(at.keyOf(scope), at.keyOf(scope, 1), at.keyOf(scope, 6));
        const given = Object.entries(fields).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)]],
        );
        await at.overwrite({ ...bare, ...Object.fromEntries(given) });
        if (viewers) await at.sdk.zadd(at.keyOf(scope, 1), { score: now, member: "v1" });
        if (holds) await at.sdk.zadd(at.keyOf(scope, 6), { score: now + 600_000, member: "task" });

        // As old as can be, so that it changes nothing but the look.
        const touched = await at.store.touch(scope, { kind: "activity", at: 0 });

        if (!touched) throw new Error("there is a preview");
        expect(touched.snapshot).toMatchObject({ viewers: viewers ? 1 : 0, holds: holds ? 1 : 0 });
        expect(await at.dueAt()).toBe(healRunningAt(touched.snapshot, policy));
      }),
      { numRuns: 60 },
    );
  });
});

const bare = {
  v: "1",
  projectId: scope.projectId,
  userId: scope.userId,
  state: "running",
  wanted: "running",
  epoch: "1",
  reason: "requested",
  sandboxId: sandboxA,
  port: "3000",
};
