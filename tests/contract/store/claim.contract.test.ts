/** Who may write: the claim, its renewal and its takeover, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import {
  availableEngines,
  leaseGranted,
  leaseOf,
  marking,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
  viewer,
} from "./stores";

const engines = await availableEngines();

describe.each(engines)("a claim on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  test("a preview that was never opened reads as absent, and reading writes nothing", async () => {
    const { snapshot, logTail } = await at.store.read(scope);

    expect(snapshot.record).toMatchObject({ state: "absent", epoch: 0, reason: "never-opened" });
    expect([snapshot.viewers, logTail]).toEqual([0, ""]);
    expect(await at.sdk.dbsize()).toBe(0);
  });

  test("the first open is granted, enters starting, and is due when its lease lapses", async () => {
    const reply = await at.open("one");

    const { now, record } = reply.snapshot ?? (await at.store.read(scope)).snapshot;
    expect(reply).toMatchObject({ kind: "granted", lease: { epoch: 1, leaseId: leaseOf("one") } });
    expect(record).toMatchObject({
      state: "starting",
      wanted: "running",
      phase: "claimed",
      bootId: "boot-one",
    });
    expect(record.leaseUntil).toBe(now + policy.leaseMs);
    expect(await at.dueAt()).toBe(now + policy.leaseMs);
  });

  test("the same lease again is granted the same epoch", async () => {
    const first = leaseGranted(await at.open("one"));
    const again = leaseGranted(await at.open("one"));

    expect(again).toEqual(first);
  });

  // Found in review: a repeated look that had claimed a pause was granted it as an open, and the state never moved.
  test("the same lease for another kind is a new claim: a higher epoch, and the state moves", async () => {
    leaseGranted(await at.open("one"));
    await at.overwrite({
      state: "running",
      sandboxId: sandboxA,
      runStartedAt: "1",
      endsAt: "2",
      port: "3000",
    });
    const asPause = await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("one") });
    expect(asPause).toMatchObject({ kind: "granted", snapshot: { record: { state: "pausing", epoch: 2 } } });

    const asOpen = await at.open("one");

    expect(asOpen).toMatchObject({ kind: "granted", snapshot: { record: { state: "resuming", epoch: 3 } } });
  });

  // Found in review: a look that had read "paused" stopped what somebody had opened while the provider was asked.
  test("a decision that was made before somebody else's claim is refused as busy, even when that claim has ended", async () => {
    const { snapshot } = await at.store.read(scope);
    const lease = leaseGranted(await at.open("one"));
    await at.store.commit(lease, marking("a", { claim: "release", become: "failed", reason: "left" }));

    const late = await at.store.claim(scope, {
      kind: "settle",
      leaseId: leaseOf("late"),
      ifEpoch: snapshot.record.epoch,
      wanted: "resting",
    });

    expect(late.kind).toBe("busy");
  });

  test("another open meanwhile is busy, and its wish is written", async () => {
    leaseGranted(await at.open("one"));
    await at.overwrite({ wanted: "resting" });

    const second = await at.open("two");

    expect(second.kind).toBe("busy");
    expect(second.snapshot?.record).toMatchObject({ wanted: "running", leaseId: leaseOf("one"), epoch: 1 });
  });

  test("a claim that lapsed is taken over under a higher epoch, with its phase, boot and beginning kept", async () => {
    const first = leaseGranted(await at.open("one"));
    const { record: before } = await at.store.renewLease(first, { phase: "install" });
    await at.lapse();

    const second = await at.open("two");

    expect(second).toMatchObject({ kind: "granted", lease: { epoch: 2 } });
    const { phase, bootId, claimedAt, phaseAt } = before;
    expect(second.snapshot?.record).toMatchObject({ state: "starting", phase, bootId, claimedAt, phaseAt });
  });

  test("whoever was taken over is refused: to renew, and to commit", async () => {
    const first = leaseGranted(await at.open("one"));
    await at.lapse();
    leaseGranted(await at.open("two"));
    const before = await at.raw();

    await expect(at.store.renewLease(first, { phase: "tidy" })).rejects.toBeInstanceOf(LeaseLostError);
    const committed = await at.store.commit(first, marking("late", { become: "failed", set: { port: 1 } }));

    expect(committed.kind).toBe("lost");
    expect(await at.raw()).toEqual(before);
  });

  test("a lease that lapsed and that nobody took is renewed", async () => {
    const lease = leaseGranted(await at.open("one"));
    await at.lapse();

    const { record, now } = await at.store.renewLease(lease, {});

    expect(record.leaseUntil).toBe(now + policy.leaseMs);
  });

  test("a renewal shows the phase since when it lasts, and the log's tail", async () => {
    const lease = leaseGranted(await at.open("one"));
    const first = await at.store.renewLease(lease, { phase: "install", logTail: "added 1 package\n" });
    const second = await at.store.renewLease(lease, { phase: "install" });

    expect(second.record.phaseAt).toBe(first.record.phaseAt);
    expect((await at.store.read(scope)).logTail).toBe("added 1 package\n");
  });

  test("a running preview with time left is warm for an open, without a claim", async () => {
    await at.running();

    const reply = await at.open("two", { viewerId: viewer("v1") });

    expect(reply).toMatchObject({
      kind: "warm",
      snapshot: { viewers: 1, record: { epoch: 1, wanted: "running" } },
    });
    expect(reply.snapshot?.record.leaseId).toBeUndefined();
  });

  test("a running preview whose end is near, or that is in doubt, is claimed instead", async () => {
    await at.running();
    const { now } = (await at.store.read(scope)).snapshot;

    const doubted = await at.open("two", { isDoubted: true });
    await at.upstash.loseEverything();
    await at.running();
    await at.overwrite({ endsAt: String(now + policy.warmMarginMs) });
    const ending = await at.open("three");

    expect([doubted.kind, ending.kind]).toEqual(["granted", "granted"]);
    expect(ending.snapshot?.record.state).toBe("resuming");
  });

  test("a pause is refused while somebody was active within the time, or is there", async () => {
    await at.running();
    const pauseIf = (name: string, extra: { idleForMs?: number; mustBeEmpty?: boolean }) =>
      at.store.claim(scope, { kind: "pause", leaseId: leaseOf(name), reason: "idle", ...extra });

    const active = await pauseIf("p1", { idleForMs: policy.idleAfterMs });
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });
    const occupied = await pauseIf("p2", { mustBeEmpty: true });
    await at.overwrite({ lastActiveAt: "1000000000000" });
    const idle = await pauseIf("p3", { idleForMs: policy.idleAfterMs });

    expect([active.kind, occupied.kind, idle.kind]).toEqual(["active", "active", "granted"]);
    expect(idle.snapshot?.record).toMatchObject({ state: "pausing", wanted: "resting", reason: "idle" });
  });

  test("a pause of what does not run does not apply, and leaves what is wanted", async () => {
    leaseGranted(await at.open("one"));
    await at.lapse();

    const reply = await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" });

    expect(reply.kind).toBe("not-applicable");
    expect((await at.store.read(scope)).snapshot.record).toMatchObject({ wanted: "running", epoch: 1 });
  });

  test("a pause or a look at a preview that was never opened makes no record", async () => {
    const pause = await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" });
    const settle = await at.store.claim(scope, { kind: "settle", leaseId: leaseOf("s") });

    expect([pause.kind, settle.kind]).toEqual(["not-applicable", "not-applicable"]);
    expect(await at.sdk.dbsize()).toBe(0);
  });

  test("who takes over a pause leaves the wish that came since", async () => {
    await at.running();
    leaseGranted(await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p1"), reason: "left" }));
    await at.lapse();
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });

    const pause = await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p2"), reason: "left" });
    await at.lapse();
    const settle = await at.store.claim(scope, { kind: "settle", leaseId: leaseOf("s1"), wanted: "resting" });

    expect(pause.snapshot?.record.wanted).toBe("running");
    expect(settle.snapshot?.record.wanted).toBe("running");
  });

  test("a failed preview is opened by a person, and by nobody else", async () => {
    const lease = leaseGranted(await at.open("one"));
    await at.store.commit(lease, {
      operation: "failed",
      claim: "release",
      become: "failed",
      reason: "install-failed",
      wanted: "resting",
      check: "never",
    });

    const bySystem = await at.open("two", { isByPerson: false });
    const byPerson = await at.open("three");

    expect(bySystem).toMatchObject({
      kind: "needs-person",
      snapshot: { record: { state: "failed", wanted: "resting" } },
    });
    expect(byPerson).toMatchObject({
      kind: "granted",
      snapshot: { record: { state: "starting", bootId: "boot-three" } },
    });
  });

  test("a request is answered once: by a commit, by a warm preview, or by whoever is at work", async () => {
    const first = leaseGranted(await at.open("one", { requestId: "r1" }));
    const during = await at.open("two", { requestId: "r2" });
    await at.store.commit(
      first,
      marking("up", { claim: "release", requestId: "r1", become: "running", set: runningFields() }),
    );
    const warm = await at.open("three", { requestId: "r3" });

    const again = await Promise.all(
      ["r1", "r2", "r3"].map((requestId) => at.open(`again-${requestId}`, { requestId })),
    );

    expect([during.kind, warm.kind]).toEqual(["busy", "warm"]);
    expect(again.map(({ kind }) => kind)).toEqual(["completed", "completed", "completed"]);
  });

  test("times are written as whole numbers without exponent", async () => {
    await at.running();
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });

    const raw = await at.raw();
    for (const field of ["changedAt", "lastActiveAt", "endsAt", "runStartedAt", "emittedAt", "nextCheckAt"]) {
      expect([field, raw[field]]).toEqual([field, expect.stringMatching(/^\d{13}$/)]);
    }
    expect(raw.epoch).toBe("1");
  });

  test("of many claims at once exactly one is granted, round after round", async () => {
    const rounds = engine === "redis-server" ? 50 : 5;
    const workers = Array.from({ length: 20 }, () => at.newStore());

    for (let round = 0; round < rounds; round += 1) {
      const of = parseScope(`p${round}`, "u1");
      const replies = await Promise.all(
        workers.map((store, worker) =>
          store.claim(of, {
            kind: "open",
            leaseId: leaseOf(`${round}-${worker}`),
            isByPerson: true,
            bootId: `b${worker}`,
          }),
        ),
      );
      expect(replies.filter(({ kind }) => kind === "granted")).toHaveLength(1);
      expect(replies.filter(({ kind }) => kind === "busy")).toHaveLength(19);
      expect((await at.store.read(of)).snapshot.record.epoch).toBe(1);
    }
  });

  test("of many takeovers at once exactly one is granted", async () => {
    leaseGranted(await at.open("dead"));
    await at.lapse();

    const replies = await Promise.all(Array.from({ length: 20 }, (_, index) => at.open(`next-${index}`)));

    expect(replies.filter(({ kind }) => kind === "granted")).toHaveLength(1);
    expect((await at.store.read(scope)).snapshot.record.epoch).toBe(2);
  });
});

function runningFields() {
  return { sandboxId: sandboxA, runStartedAt: 1, endsAt: 9_000_000_000_000, port: 3000 };
}
