/** How sandboxes stand to the records, what may be done about them, and forgetting, on both engines. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type SandboxId, sandboxIdSchema, userIdSchema } from "@/lib/ids";
import type { LabelledSandbox } from "@/lib/store/audit-store";
import { forgottenKey, keysOf, sandboxKey, ticketKey } from "@/lib/store/keys";
import {
  availableEngines,
  environment,
  leaseGranted,
  leaseOf,
  marking,
  policy,
  type StoreUnderTest,
  sandboxA,
  sandboxB,
  scope,
  startStore,
} from "./stores";

const engines = await availableEngines();
const real = { kind: "real" } as const;
const dry = { kind: "dry", passId: "a-dry-one" } as const;

const listed = (sandboxId: SandboxId, more: Partial<LabelledSandbox> = {}): LabelledSandbox => ({
  sandboxId,
  scope,
  epoch: 1,
  ...more,
});

describe.each(engines)("the audit's scripts on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const wordOf = async (sandbox: LabelledSandbox) =>
    (await at.audits.compare([sandbox], real)).standings[0]?.kind;
  const record = () => at.store.read(scope).then(({ snapshot }) => snapshot.record);

  describe("a sandbox", () => {
    test("without a record is unknown", async () => {
      expect(await wordOf(listed(sandboxA))).toBe("unknown");
    });

    test("that the record names is named, with its run, and marked as seen", async () => {
      await at.running();
      const { now, standings } = await at.audits.compare([listed(sandboxA), listed(sandboxB)], real);

      expect(standings).toMatchObject([
        { kind: "named", state: "running", isClaimed: false },
        { kind: "orphan" },
      ]);
      expect(await at.audits.unseen(now, 0, 10, real)).toEqual({ looked: 0, isMore: false, sandboxes: [] });
      expect((await at.audits.unseen(now + 1, 0, 10, real)).sandboxes).toEqual([
        { sandboxId: sandboxA, scope },
      ]);
    });

    test("is left to who is at work on the preview, while the record names none", async () => {
      await at.open("one");
      expect(await wordOf(listed(sandboxA))).toBe("claimed");
      await at.lapse();
      expect(await wordOf(listed(sandboxA))).toBe("unnamed");
    });

    test("whose making is remembered and whose naming never was is known for that, and no other is", async () => {
      const lease = leaseGranted(await at.open("one"));
      await at.store.beginCreate(lease, "t1");
      await at.store.commit(lease, marking("up", { claim: "release", set: { sandboxId: sandboxB } }));
      await at.overwrite({ epoch: "5" });

      expect(await wordOf(listed(sandboxA, { ticket: "t1" }))).toBe("never-named");
      expect(await wordOf(listed(sandboxA, { ticket: "t2" }))).toBe("orphan");
      expect(await wordOf(listed(sandboxA))).toBe("orphan");
      // Made under a claim that was lost with other writes: nothing is known of it.
      expect(await wordOf(listed(sandboxA, { ticket: "t1", epoch: 6 }))).toBe("orphan");
      await at.sdk.hset(sandboxKey(environment, sandboxA), { scope: "p1/u1" });
      expect(await wordOf(listed(sandboxA, { ticket: "t1" }))).toBe("orphan");
    });

    test("with a ticket is never called never-named while a start may still name it", async () => {
      const lease = leaseGranted(await at.open("one"));
      await at.store.beginCreate(lease, "t1");
      await at.lapse();

      expect(await wordOf(listed(sandboxA, { ticket: "t1" }))).toBe("unnamed");
    });

    test("that was let go is known for that, and one that was put aside is not", async () => {
      const lease = leaseGranted(await at.open("one"));
      await at.store.commit(lease, marking("a", { set: { sandboxId: sandboxA } }));
      await at.store.commit(lease, marking("b", { condemn: sandboxA, remove: ["sandboxId"] }));
      await at.store.commit(lease, marking("c", { set: { sandboxId: sandboxB } }));
      await at.store.commit(
        lease,
        marking("d", { condemn: sandboxB, set: { asideId: sandboxB }, remove: ["sandboxId"] }),
      );

      expect(await wordOf(listed(sandboxA))).toBe("let-go");
      expect(await wordOf(listed(sandboxB))).toBe("orphan");
    });

    test("that is remembered as another preview's is left to that one", async () => {
      await at.running();
      await at.sdk.hset(sandboxKey(environment, sandboxB), { scope: "p2/u2" });

      expect(await wordOf(listed(sandboxB))).toBe("others");
      expect(await at.audits.condemnOrphan(listed(sandboxB), real)).toBe("leave");
    });
  });

  test("an epoch above the record's becomes the floor of later claims, and a dry pass writes nothing", async () => {
    await at.running();
    const before = await at.raw();

    await at.audits.compare([listed(sandboxA, { epoch: 40 })], dry);
    expect(await at.raw()).toEqual(before);
    await at.audits.compare([listed(sandboxA, { epoch: 40 })], real);

    expect(leaseGranted(await at.open("next", { isDoubted: true })).epoch).toBe(41);
  });

  test("a dry pass leaves out what it has seen itself", async () => {
    await at.running();
    const { now } = await at.audits.compare([], dry);
    expect((await at.audits.unseen(now + 1, 0, 10, dry)).sandboxes).toHaveLength(1);

    await at.audits.compare([listed(sandboxA)], dry);

    expect(await at.audits.unseen(now + 1, 0, 10, dry)).toEqual({
      looked: 1,
      isMore: false,
      sandboxes: [],
    });
  });

  describe("condemning", () => {
    test("is refused for the one that the record names, and no commit names one that was", async () => {
      const lease = await at.running();
      expect(await at.audits.condemnOrphan(listed(sandboxA), real)).toBe("leave");
      expect(await at.audits.condemnOrphan(listed(sandboxB), dry)).toBe("pause");
      expect(await at.audits.condemnOrphan(listed(sandboxB), real)).toBe("pause");
      expect(lease.epoch).toBe(1);

      const next = leaseGranted(await at.open("next", { isDoubted: true }));
      expect((await at.store.commit(next, marking("a", { set: { sandboxId: sandboxB } }))).kind).toBe(
        "condemned",
      );
    });

    test("is refused while everything is held", async () => {
      await at.running();
      await at.sdk.hset(`rekindle:${environment}:fleet`, { "switch:hold-everything": "1\nops\nlook" });

      expect(await at.audits.condemnOrphan(listed(sandboxB), real)).toBe("held");
      expect((await at.audits.compare([], real)).isEverythingHeld).toBe(true);
    });
  });

  test("a sandbox that is remembered as another preview's is not named by who wants it free", async () => {
    await at.sdk.hset(sandboxKey(environment, sandboxA), { scope: "p2/u2" });
    const lease = leaseGranted(await at.open("one"));

    const reply = await at.store.commit(
      lease,
      marking("a", { mustBeFree: true, set: { sandboxId: sandboxA } }),
    );

    expect(reply.kind).toBe("occupied");
  });

  test("a commit that names no sandbox writes no memory of one", async () => {
    const lease = leaseGranted(await at.open("one"));
    await at.store.commit(lease, marking("a", { set: { sandboxId: sandboxA } }));
    await at.store.commit(lease, marking("b"));

    expect(await at.sdk.exists(sandboxKey(environment, sandboxA))).toBe(1);
    // Reproduces a memory under no id, in which the last preview of all stood.
    expect(await at.sdk.exists(sandboxKey(environment, "none"))).toBe(0);
  });

  test("a worker that was overtaken begins no create", async () => {
    const lease = leaseGranted(await at.open("one"));
    await at.lapse();
    await at.open("two");

    await expect(at.store.beginCreate(lease, "t1")).rejects.toMatchObject({ code: "lease-lost" });
    expect(await at.sdk.exists(ticketKey(environment, "t1"))).toBe(0);
  });

  describe("forgetting", () => {
    const begin = (epoch = 0) => at.audits.beginForgetting(scope, leaseOf("forget"), epoch, [sandboxA]);

    test("takes the preview from who is at work on it, and they write nothing more", async () => {
      const lease = leaseGranted(await at.open("one"));
      expect(await begin()).toMatchObject({ kind: "begun", hadRecord: true });

      expect((await at.store.commit(lease, marking("a"))).kind).toBe("lost");
      expect((await at.open("two")).kind).toBe("busy");
    });

    test("removes every key, keeps for a while that it did, and what begins anew is above", async () => {
      await at.running();
      const { epoch } = await record();
      await begin(7);
      expect(await at.audits.endForgetting(scope, leaseOf("forget"), [sandboxA])).toMatchObject({
        kind: "forgotten",
        historyEntries: 3,
      });

      const { previewId } = keysOf(environment, scope);
      const { keys } = await allKeys();
      // What ran for the user stays theirs, where time has passed.
      expect(keys.filter((key) => !key.endsWith(":user:u1"))).toEqual([forgottenKey(environment, previewId)]);
      expect(await at.sdk.pttl(forgottenKey(environment, previewId))).toBeGreaterThan(80_000_000);
      expect(epoch).toBe(1);
      const lease = leaseGranted(await at.open("anew"));
      expect(lease.epoch).toBe(9);
      expect(await record()).toMatchObject({ forgottenEpoch: 8 });
      expect(await wordOf(listed(sandboxA, { epoch: 8 }))).toBe("let-go");
      expect(await wordOf(listed(sandboxA, { epoch: 9 }))).toBe("claimed");
    });

    test("ends nothing that somebody has claimed since", async () => {
      await at.running();
      await begin();
      await at.lapse();
      await at.open("two", { isDoubted: true });

      expect(await at.audits.endForgetting(scope, leaseOf("forget"), [sandboxA])).toEqual({ kind: "lost" });
      expect((await record()).state).not.toBe("absent");
    });

    test("of one that is not there is remembered all the same", async () => {
      expect(await begin(3)).toMatchObject({ kind: "begun", hadRecord: false });
      expect(await wordOf(listed(sandboxA, { epoch: 3 }))).toBe("let-go");
      expect(await at.audits.condemnOrphan(listed(sandboxA, { epoch: 3 }), real)).toBe("kill");
    });

    test("who is late to tell of it brings nothing back", async () => {
      await at.store.note(scope, { kind: "released", by: "late" });
      await at.store.condemn(scope, sandboxA);

      const { keys } = await allKeys();
      expect(keys).toEqual([keysOf(environment, scope).all[3]]);
      expect(await at.sdk.pttl(String(keys[0]))).toBeGreaterThan(0);
    });

    test("of a user waits for their previews to be", async () => {
      const user = userIdSchema.parse("u1");
      await at.running();
      expect(await at.audits.previewsOf(user)).toEqual([scope]);
      expect(await at.audits.forgetUser(user)).toEqual([scope]);
      await begin();
      await at.audits.endForgetting(scope, leaseOf("forget"), [sandboxA]);

      expect(await at.audits.forgetUser(user)).toEqual([]);
    });
  });

  test("a page of a hundred is one script, and a thousand named ones are looked through in pages", async () => {
    await at.running();
    const many = Array.from({ length: 100 }, (_, index) => listed(idOf(index)));

    const { standings } = await at.audits.compare([listed(sandboxA), ...many], real);

    expect(standings).toHaveLength(101);
    expect(standings.filter(({ kind }) => kind === "orphan")).toHaveLength(100);
    expect(policy.auditMostStops).toBeLessThan(100);
  });

  async function allKeys(): Promise<{ keys: string[] }> {
    const [, keys] = await at.sdk.scan("0", { count: 10_000 });
    return { keys };
  }
});

const idOf = (index: number): SandboxId => sandboxIdSchema.parse(`i${String(index).padStart(20, "0")}`);
