/** What is told of a sandbox that a record names, what each dry pass has seen, and what a preview ever had. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseScope, sandboxIdSchema } from "@/lib/ids";
import { fleetKeys } from "@/lib/store/keys";
import {
  availableEngines,
  environment,
  leaseGranted,
  leaseOf,
  marking,
  type StoreUnderTest,
  sandboxA,
  sandboxB,
  scope,
  startStore,
} from "./stores";

const real = { kind: "real" } as const;
const listed = { sandboxId: sandboxA, scope, epoch: 1 };

describe.each(await availableEngines())("on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const standing = async () => (await at.audits.compare([listed], real)).standings[0];
  const hold = () => at.fleet.turn("hold-everything", { on: true, by: "ann", why: "to look" });
  const claim = (kind: "settle" | "pause") =>
    at.store.claim(scope, { kind, leaseId: leaseOf("one"), ...(kind === "pause" ? { isForced: true } : {}) });

  test("of one that runs is told since when and until when, and of one at rest neither", async () => {
    await at.running();
    const { record } = (await at.store.read(scope)).snapshot;
    const { runStartedAt, endsAt } = Object(record);

    expect(await standing()).toStrictEqual({
      ...{ kind: "named", state: "running", isClaimed: false, runStartedAt, endsAt },
    });
    const lease = leaseGranted(await claim("pause"));
    await at.store.commit(
      lease,
      marking("rests", {
        claim: "release",
        become: "paused",
        set: { pausedAt: 7 },
        remove: ["runStartedAt", "endsAt"],
      }),
    );
    expect(await standing()).toStrictEqual({ kind: "named", state: "paused", isClaimed: false });
  });

  test("it is told whether somebody is at work on it, and until when it is kept beyond its time", async () => {
    await at.running();
    expect(await standing()).not.toHaveProperty("keptUntil");
    const lease = leaseGranted(await claim("settle"));
    expect(await standing()).toMatchObject({ kind: "named", isClaimed: true });

    await at.store.commit(lease, marking("kept", { claim: "release", set: { keptUntil: 99 } }));

    expect(await standing()).toMatchObject({ isClaimed: false, keptUntil: 99 });
  });

  test("while an operator looks a page says so, and no forgetting begins; else it does not", async () => {
    await at.running();
    expect((await at.audits.compare([], real)).isEverythingHeld).toBe(false);
    await hold();

    expect((await at.audits.compare([], real)).isEverythingHeld).toBe(true);
    expect(await at.audits.beginForgetting(scope, leaseOf("f"), 0, [])).toStrictEqual({ kind: "held" });
    expect((await at.store.read(scope)).snapshot.record).toMatchObject({
      state: "running",
      sandboxId: sandboxA,
    });
  });

  test("what one dry pass has seen is unseen for another, and for a real one", async () => {
    await at.running();
    const { now } = await at.audits.compare([listed], { kind: "dry", passId: "first" });
    const unseen = async (pass: Parameters<typeof at.audits.unseen>[3]) =>
      (await at.audits.unseen(now + 1, 0, 10, pass)).sandboxes;

    expect(await unseen({ kind: "dry", passId: "first" })).toEqual([]);
    expect(await unseen({ kind: "dry", passId: "second" })).toEqual([{ sandboxId: sandboxA, scope }]);
    expect(await unseen(real)).toEqual([{ sandboxId: sandboxA, scope }]);
  });

  test("of more than are asked for it is said that there are more, and what names no preview is passed by", async () => {
    const other = parseScope("p2", "u2");
    await at.running();
    await at.running(other, sandboxB);
    await at.sdk.zadd(fleetKeys(environment).named, { score: 1, member: "not-one/of ours/at all" });
    const { now } = await at.audits.compare([], real);
    const unseen = (leaveOut: number, most: number) => at.audits.unseen(now + 1, leaveOut, most, real);

    expect(await unseen(0, 1)).toEqual({ looked: 1, isMore: true, sandboxes: [] });
    const rest = await unseen(1, 2);
    expect(rest).toMatchObject({ looked: 2, isMore: false });
    expect(rest.sandboxes).toHaveLength(2);
    expect(rest.sandboxes).toContainEqual({ sandboxId: sandboxB, scope: other });
  });

  test("all that a preview ever had is remembered, and nothing of another's", async () => {
    expect(await at.audits.sandboxesOf(scope)).toEqual([]);
    await at.running();
    await at.running(parseScope("p2", "u2"), sandboxIdSchema.parse("icccccccccccccccccccc"));
    const settling = leaseGranted(await claim("settle"));
    await at.store.commit(
      settling,
      marking("let-go", {
        claim: "release",
        become: "expired",
        condemn: sandboxA,
        remove: ["sandboxId", "runStartedAt", "endsAt"],
      }),
    );
    const opening = leaseGranted(await at.open("again"));
    await at.store.commit(opening, marking("another", { set: { sandboxId: sandboxB } }));

    expect([...(await at.audits.sandboxesOf(scope))].sort()).toEqual([sandboxA, sandboxB].sort());
  });
});
