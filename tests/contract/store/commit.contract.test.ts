/** What the holder of a claim writes: fenced, idempotent, within the table, never a condemned sandbox. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IllegalTransitionError, RecordUnreadableError } from "@/lib/errors";
import type { Lease } from "@/lib/store/store";
import {
  availableEngines,
  leaseGranted,
  leaseOf,
  marking,
  policy,
  type StoreUnderTest,
  sandboxA,
  sandboxB,
  scope,
  startStore,
  viewer,
} from "./stores";

const engines = await availableEngines();

describe.each(engines)("a commit on %s", (engine) => {
  let at: StoreUnderTest;
  let lease: Lease;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(async () => {
    await at.upstash.loseEverything();
    lease = leaseGranted(await at.open("one"));
  });
  afterAll(() => at.stop());

  // Found in review: two attempts of one Inngest step hold the same claim, and the slower one's sandbox pushed the
  // committed one out of the record.
  test("a sandbox that must find its place free is refused where another is named, and named where none is", async () => {
    const first = marking("a", { mustBeFree: true, set: { sandboxId: sandboxA } });
    expect((await at.store.commit(lease, first)).kind).toBe("committed");

    const second = await at.store.commit(
      lease,
      marking("b", { mustBeFree: true, set: { sandboxId: sandboxB } }),
    );
    const same = await at.store.commit(
      lease,
      marking("c", { mustBeFree: true, set: { sandboxId: sandboxA } }),
    );

    expect(second).toMatchObject({ kind: "occupied", snapshot: { record: { sandboxId: sandboxA } } });
    expect(same.kind).toBe("committed");
  });

  // Found by the simulator (layer 1): one attempt of a step had said that the start failed, the other one went on with it
  // under the same claim, and the preview was starting for ever.
  test("what was brought to rest under a claim is not set going again under it", async () => {
    await at.store.commit(lease, marking("failed", { become: "failed", reason: "run-failed" }));

    const late = await at.store.commit(lease, marking("on", { become: "starting", reason: "sandbox-gone" }));

    expect(late).toMatchObject({
      kind: "lost",
      snapshot: { record: { state: "failed", reason: "run-failed" } },
    });
  });

  // Found in review: it would have been let go again unseen, and have run on.
  test("what was brought to rest under a claim is given no other sandbox under it", async () => {
    await at.store.commit(lease, marking("failed", { become: "failed", reason: "run-failed" }));

    const late = await at.store.commit(lease, marking("named", { set: { sandboxId: sandboxA } }));

    expect(late.kind).toBe("lost");
    expect(late.snapshot.record).not.toHaveProperty("sandboxId");
  });

  test("writes its fields, and the claim stays or ends as it says", async () => {
    const held = await at.store.commit(lease, marking("a", { set: { sandboxId: sandboxA, revision: "r7" } }));
    const released = await at.store.commit(
      lease,
      marking("b", { claim: "release", become: "failed", reason: "left" }),
    );

    expect(held.snapshot.record).toMatchObject({
      sandboxId: sandboxA,
      revision: "r7",
      leaseId: lease.leaseId,
    });
    expect(released.snapshot.record).toMatchObject({ state: "failed", reason: "left", epoch: lease.epoch });
    expect(released.snapshot.record.leaseId).toBeUndefined();
    expect(released.snapshot.record.phase).toBeUndefined();
  });

  test("is refused under another epoch, and under another lease", async () => {
    const before = await at.raw();

    const otherEpoch = await at.store.commit(
      { ...lease, epoch: lease.epoch + 1 },
      marking("a", { set: { port: 1 } }),
    );
    const otherLease = await at.store.commit(
      { ...lease, leaseId: leaseOf("two") },
      marking("b", { set: { port: 1 } }),
    );

    expect([otherEpoch.kind, otherLease.kind]).toEqual(["lost", "lost"]);
    expect(await at.raw()).toEqual(before);
  });

  test("that comes again changes nothing, also after the claim has ended", async () => {
    const up = marking("up", { claim: "release", become: "failed", set: { port: 1 } });
    await at.store.commit(lease, up);
    const before = await at.raw();

    const again = await at.store.commit(lease, { ...up, set: { port: 2 } });

    expect(again.kind).toBe("committed");
    expect(await at.raw()).toEqual(before);
  });

  test("that was given up and arrives after later ones changes nothing", async () => {
    await at.store.commit(lease, marking("lost-a", { remove: ["sandboxId"] }));
    await at.store.commit(lease, marking("sandbox-b", { set: { sandboxId: sandboxB } }));

    const late = await at.store.commit(lease, marking("lost-a", { remove: ["sandboxId"] }));

    expect(late.kind).toBe("committed");
    expect(late.snapshot.record).toMatchObject({ sandboxId: sandboxB });
  });

  test("operations of an earlier claim are not taken for the next one's", async () => {
    await at.store.commit(lease, marking("same", { claim: "release", become: "failed" }));
    const next = leaseGranted(await at.open("two"));

    const reply = await at.store.commit(next, marking("same", { set: { revision: "r2" } }));

    expect(reply.snapshot.record.revision).toBe("r2");
  });

  test("of a move that the table does not have throws, and writes nothing", async () => {
    const before = await at.raw();

    await expect(
      at.store.commit(lease, marking("a", { become: "pausing", set: { port: 1 } })),
    ).rejects.toBeInstanceOf(IllegalTransitionError);

    expect(await at.raw()).toEqual(before);
  });

  test("that names a condemned sandbox is refused, and so is any that would keep one", async () => {
    await at.store.condemn(scope, sandboxB);
    await at.store.commit(lease, marking("a", { set: { sandboxId: sandboxA } }));
    await at.sdk.sadd(at.keyOf(scope, 3), sandboxA);

    const naming = await at.store.commit(lease, marking("b", { set: { sandboxId: sandboxB } }));
    const keeping = await at.store.commit(lease, marking("c", { set: { port: 1 } }));

    expect([naming.kind, keeping.kind]).toEqual(["condemned", "condemned"]);
    expect((await at.raw()).port).toBeUndefined();
  });

  test("a sandbox that the record names cannot be condemned; any other can, again and again", async () => {
    await at.store.commit(lease, marking("a", { set: { sandboxId: sandboxA } }));

    const verdicts = [
      await at.store.condemn(scope, sandboxA),
      await at.store.condemn(scope, sandboxB),
      await at.store.condemn(scope, sandboxB),
    ];

    expect(verdicts).toEqual([false, true, true]);
    expect(await at.sdk.smembers(at.keyOf(scope, 3))).toEqual([sandboxB]);
  });

  test("writes when to look next, or takes the preview out of the index", async () => {
    const { snapshot } = await at.store.commit(lease, marking("a", { check: { inMs: 1234 } }));
    const soon = await at.dueAt();
    await at.store.commit(lease, marking("b", { check: { at: 1_900_000_000_000 } }));
    const later = await at.dueAt();
    await at.store.commit(
      lease,
      marking("c", { claim: "release", become: "failed", wanted: "resting", check: "never" }),
    );

    expect(soon).toBe(snapshot.now + 1234);
    expect(later).toBe(1_900_000_000_000);
    expect(await at.dueAt()).toBeUndefined();
  });

  test("that would end all looks leaves one while somebody's wish is not yet met", async () => {
    await at.upstash.loseEverything();
    await at.running();
    const pause = leaseGranted(
      await at.store.claim(scope, { kind: "pause", leaseId: leaseOf("p"), reason: "left" }),
    );
    await at.store.touch(scope, { kind: "beat", viewerId: viewer("v1") });

    const { snapshot } = await at.store.commit(pause, {
      operation: "paused",
      claim: "release",
      become: "paused",
      set: { pausedAt: 1_800_000_000_000 },
      check: "never",
    });

    expect(snapshot.record).toMatchObject({ state: "paused", wanted: "running" });
    expect(await at.dueAt()).toBeLessThanOrEqual(snapshot.now + policy.leaseMs);
  });

  test("a state that is left as it is keeps its beginning", async () => {
    const before = (await at.store.read(scope)).snapshot.record.changedAt;
    await at.overwrite({ changedAt: "1700000000000" });

    const { snapshot } = await at.store.commit(
      lease,
      marking("a", { become: "starting", reason: "interrupted" }),
    );

    expect(before).toBeGreaterThan(1_700_000_000_000);
    expect(snapshot.record).toMatchObject({ changedAt: 1_700_000_000_000, reason: "interrupted" });
  });

  const unreadable: [string, Record<string, string>][] = [
    ["a version of tomorrow", { v: "2" }],
    ["a state that is not known", { state: "dreaming" }],
    ["a number in another form", { epoch: "1e3" }],
    ["a running preview without its sandbox", { state: "running" }],
  ];
  test.each(unreadable)(
    "a record with %s is refused by every reader, and never defaulted",
    async (_case, fields) => {
      await at.overwrite(fields);
      const before = await at.raw();

      await expect(at.store.read(scope)).rejects.toBeInstanceOf(RecordUnreadableError);

      expect(await at.raw()).toEqual(before);
    },
  );
});
