/** One millisecond before, at and after every limit that a script compares with; only a clock that is told can show it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  holdOf,
  leaseGranted,
  leaseOf,
  policy,
  type StoreUnderTest,
  scope,
  startStore,
  viewer,
} from "./stores";

describe("boundaries, on the virtual clock", () => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore("memory");
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  test.each([
    [-1, "busy"],
    [0, "granted"],
    [1, "granted"],
  ])("a lease at %i ms past its end is %s for another", async (pastMs, expected) => {
    leaseGranted(await at.open("one"));
    await at.clock.advance(policy.leaseMs + pastMs);

    expect((await at.open("two")).kind).toBe(expected);
  });

  test.each([
    [-1, "active"],
    [0, "granted"],
    [1, "granted"],
  ])("a preview idle for its time and %i ms is %s for a pause", async (pastMs, expected) => {
    await at.running();
    await at.clock.advance(policy.idleAfterMs + pastMs);

    const reply = await at.store.claim(scope, {
      kind: "pause",
      leaseId: leaseOf("p"),
      idleForMs: policy.idleAfterMs,
    });

    expect(reply.kind).toBe(expected);
  });

  test.each([
    [-1, 1],
    [0, 0],
    [1, 0],
  ])("a viewer whose last beat is its time and %i ms ago counts as %i", async (pastMs, viewers) => {
    await at.running();
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });
    await at.clock.advance(policy.viewerGoneAfterMs + pastMs);

    expect((await at.store.read(scope)).snapshot.viewers).toBe(viewers);
  });

  test.each([
    [-1, "warm"],
    [0, "granted"],
    [1, "granted"],
  ])("a preview whose end is the warm margin minus %i ms away is %s", async (pastMs, expected) => {
    await at.running();
    await at.clock.advance(policy.keepAliveMs - policy.warmMarginMs + pastMs);

    expect((await at.open("two")).kind).toBe(expected);
  });

  test.each([
    [-1, undefined],
    [0, 2],
    [1, 2],
  ])("a beat at the interval and %i ms after the last event sends number %s", async (pastMs, expected) => {
    await at.running();
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });
    await at.clock.advance(policy.emitEveryMs + pastMs);

    const touched = await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });

    expect(touched?.emitSeq).toBe(expected);
  });

  test.each([
    [-1, 0],
    [0, 1],
    [1, 1],
  ])("a preview at its time and %i ms is taken %i times", async (pastMs, count) => {
    await at.running();
    await at.clock.advance(policy.idleAfterMs + pastMs);

    expect((await at.store.takeDue(10, 90_000)).previews).toHaveLength(count);
  });

  const renewal = () =>
    at.store.claim(scope, { kind: "renew", leaseId: leaseOf("r"), quietForMs: policy.quietAfterMs });

  test.each([
    [-1, "active"],
    [0, "granted"],
    [1, "granted"],
  ])("a preview quiet for its time and %i ms is %s for a renewal", async (pastMs, expected) => {
    await at.running();
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });
    await at.clock.advance(policy.quietAfterMs + pastMs);

    expect((await renewal()).kind).toBe(expected);
  });

  // Until its end an agent may be at work; from then on the moment has to be as quiet as after any use.
  test.each([
    [-1, "active", 1],
    [0, "active", 0],
    [policy.quietAfterMs - 1, "active", 0],
    [policy.quietAfterMs, "granted", 0],
  ])("a preview whose hold ended %i ms ago is %s for a renewal", async (pastMs, expected, holds) => {
    await at.running();
    await at.store.hold(scope, holdOf("task"), 60_000);
    await at.clock.advance(60_000 + pastMs);

    expect((await at.store.read(scope)).snapshot.holds).toBe(holds);
    expect((await renewal()).kind).toBe(expected);
  });

  test.each([
    [-1, "active"],
    [0, "granted"],
    [1, "granted"],
  ])("a preview whose hold ended its idle time and %i ms ago is %s for a pause", async (pastMs, expected) => {
    await at.running();
    await at.store.hold(scope, holdOf("task"), 60_000);
    await at.clock.advance(60_000 + policy.idleAfterMs + pastMs);

    const { idleAfterMs: idleForMs } = policy;
    const reply = await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), idleForMs });

    expect(reply.kind).toBe(expected);
  });

  test.each([
    [-1, 60_000],
    [0, 120_000],
    [1, 120_001],
  ])(
    "a hold asked again at its end and %i ms ends %i ms after the first was taken",
    async (pastMs, endsInMs) => {
      await at.running();
      const { now } = (await at.store.read(scope)).snapshot;
      await at.store.hold(scope, holdOf("task"), 60_000);
      await at.clock.advance(60_000 + pastMs);

      expect(await at.store.hold(scope, holdOf("task"), 60_000)).toMatchObject({ endsAt: now + endsInMs });
    },
  );
});
