/** Signs of life, extensions, and the index of what is due, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import {
  availableEngines,
  leaseGranted,
  leaseOf,
  policy,
  type StoreUnderTest,
  sandboxA,
  sandboxB,
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

  const beat = (name = "v1") => at.store.touch(scope, { kind: "beat", viewerId: viewer(name) });
  const left = (name = "v1") => at.store.touch(scope, { kind: "left", viewerId: viewer(name) });
  const nowOf = async () => (await at.store.read(scope)).snapshot.now;

  describe("a sign of life", () => {
    test("starts nothing where there is no preview", async () => {
      const touched = [
        await beat(),
        await left(),
        await at.store.touch(scope, { kind: "activity", at: 1 }),
        await at.store.touch(scope, { kind: "unsent", emitSeq: 1 }),
      ];

      expect(touched).toEqual([undefined, undefined, undefined, undefined]);
      expect(await at.sdk.dbsize()).toBe(0);
    });

    test("counts each viewer once, and moves neither epoch nor claim", async () => {
      await at.running();
      await beat("v1");
      await beat("v1");
      const touched = await beat("v2");

      expect(touched?.snapshot).toMatchObject({ viewers: 2, record: { epoch: 1, state: "running" } });
      expect(touched?.snapshot.record.leaseId).toBeUndefined();
    });

    test("moves the last activity only forward, and never past now", async () => {
      await at.running();
      const now = await nowOf();

      const past = await at.store.touch(scope, { kind: "activity", at: now - 60_000 });
      const future = await at.store.touch(scope, { kind: "activity", at: now + 86_400_000 });

      expect(past?.snapshot.record.lastActiveAt).toBeGreaterThanOrEqual(now - 1_000);
      expect(future?.snapshot.record.lastActiveAt).toBeLessThanOrEqual(future?.snapshot.now ?? 0);
    });

    test("asks for at most one event an interval", async () => {
      await at.running();

      const numbers = [await beat(), await beat(), await beat("v2")].map((touched) => touched?.emitSeq);

      expect(numbers).toEqual([1, undefined, undefined]);
    });

    test("asks for an event again after somebody left, whatever the interval", async () => {
      await at.running();
      await beat("v1");
      await beat("v2");
      await left("v2");

      expect((await beat("v1"))?.emitSeq).toBe(2);
    });

    test("gives an event that could not be sent back to the next beat, once", async () => {
      await at.running();
      const first = await beat();

      await at.store.touch(scope, { kind: "unsent", emitSeq: first?.emitSeq ?? 0 });
      const second = await beat();
      await at.store.touch(scope, { kind: "unsent", emitSeq: first?.emitSeq ?? 0 });
      const third = await beat();

      expect([first?.emitSeq, second?.emitSeq, third?.emitSeq]).toEqual([1, 2, undefined]);
    });

    test("says who leaves that he was the last, and only then", async () => {
      await at.running();
      await beat("v1");
      await beat("v2");

      const first = await left("v1");
      const last = await left("v2");

      expect(first?.emitSeq).toBeUndefined();
      expect(last?.emitSeq).toBeDefined();
      expect(last?.snapshot.viewers).toBe(0);
    });

    test("during a pause writes that running is wanted; an older one does not", async () => {
      await at.running();
      leaseGranted(await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" }));
      const now = await nowOf();

      const old = await at.store.touch(scope, { kind: "activity", at: now - 60_000 });
      const wantedAfterOld = old?.snapshot.record.wanted;
      const fresh = await beat();

      expect([wantedAfterOld, fresh?.snapshot.record.wanted]).toEqual(["resting", "running"]);
      expect(fresh?.snapshot.record.state).toBe("pausing");
    });

    test("moves the sweep's look with it, but never over a claim", async () => {
      await at.running();
      const touched = await beat();
      const moved = await at.dueAt();
      leaseGranted(await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" }));
      const claimed = await at.dueAt();
      await beat();

      expect(moved).toBe((touched?.snapshot.now ?? 0) + policy.idleAfterMs + policy.healAfterMs);
      expect(await at.dueAt()).toBe(claimed);
    });

    test("on a preview that rests wakes nothing and asks for no event", async () => {
      await at.running();
      const pause = leaseGranted(
        await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" }),
      );
      await at.store.commit(pause, {
        operation: "paused",
        claim: "release",
        become: "paused",
        set: { pausedAt: 1_800_000_000_000 },
        check: "never",
      });

      const touched = await beat();

      expect(touched?.emitSeq).toBeUndefined();
      expect(touched?.snapshot.record).toMatchObject({ state: "paused", wanted: "resting" });
      // Only to be let go at the end of its retention.
      expect(await at.dueAt()).toBe(1_800_000_000_000 + policy.retentionMs);
    });
  });

  describe("an extension", () => {
    const runFields = async () => {
      const raw = await at.raw();
      return { runStartedAt: Number(raw.runStartedAt), endsAt: Number(raw.endsAt) };
    };

    test("is recorded when it is later, and only then", async () => {
      await at.running();
      const { runStartedAt, endsAt } = await runFields();
      const to = (ms: number) =>
        at.store.recordExtension(scope, { sandboxId: sandboxA, runStartedAt, endsAt: endsAt + ms });

      const answers = [await to(-1), await to(0), await to(1), await to(1)];

      expect(answers).toEqual(["not-later", "not-later", "recorded", "not-later"]);
      expect((await runFields()).endsAt).toBe(endsAt + 1);
    });

    test("of another run, another sandbox, or a preview that does not run is refused", async () => {
      await at.running();
      const { runStartedAt, endsAt } = await runFields();
      const record = { sandboxId: sandboxA, runStartedAt, endsAt: endsAt + 60_000 };

      const answers = [
        await at.store.recordExtension(scope, { ...record, runStartedAt: runStartedAt + 1 }),
        await at.store.recordExtension(scope, { ...record, sandboxId: sandboxB }),
      ];
      leaseGranted(await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" }));
      answers.push(await at.store.recordExtension(scope, record));

      expect(answers).toEqual(["other-run", "other-run", "other-run"]);
      expect((await runFields()).endsAt).toBe(endsAt);
    });

    test("needs no claim and moves no epoch", async () => {
      await at.running();
      const { runStartedAt, endsAt } = await runFields();

      await at.store.recordExtension(scope, { sandboxId: sandboxA, runStartedAt, endsAt: endsAt + 1 });

      expect(await at.raw()).toMatchObject({ epoch: "1", state: "running" });
    });
  });

  describe("what is due", () => {
    test("is taken, pushed forward and never removed", async () => {
      await at.running();
      await at.sdk.zadd(at.keyOf(scope, 2), { score: 1_000, member: "p1/u1" });

      const taken = await at.store.takeDue(10, 90_000);
      const again = await at.store.takeDue(10, 90_000);

      expect(taken.previews).toEqual([scope]);
      expect(again.previews).toEqual([]);
      expect(await at.dueAt()).toBeGreaterThanOrEqual((await nowOf()) + 85_000);
    });

    test("is taken by one of two sweeps at once", async () => {
      for (let index = 0; index < 10; index += 1) {
        await at.sdk.zadd(at.keyOf(scope, 2), { score: 1_000, member: `p${index}/u1` });
      }

      const [one, two] = await Promise.all([at.store.takeDue(10, 90_000), at.newStore().takeDue(10, 90_000)]);

      expect([...one.previews, ...two.previews]).toHaveLength(10);
    });

    test("is at most the batch, the most overdue first; what is not due is left alone", async () => {
      const now = await nowOf();
      for (let index = 0; index < 5; index += 1) {
        await at.sdk.zadd(at.keyOf(scope, 2), { score: 1_000 + index, member: `p${index}/u1` });
      }
      await at.sdk.zadd(at.keyOf(scope, 2), { score: now + 3_600_000, member: "later/u1" });

      const first = await at.store.takeDue(3, 90_000);
      const second = await at.store.takeDue(3, 90_000);

      expect(first.previews.map(({ projectId }) => projectId)).toEqual(["p0", "p1", "p2"]);
      expect(second.previews.map(({ projectId }) => projectId)).toEqual(["p3", "p4"]);
      expect(await at.dueAt(parseScope("later", "u1"))).toBe(now + 3_600_000);
    });
  });
});
