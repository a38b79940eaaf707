/** What is remembered of a preview, by the shipping scripts on both engines. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseHoldKey } from "@/lib/ids";
import { actorOf } from "@/lib/preview/history";
import {
  availableEngines,
  leaseGranted,
  leaseOf,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
} from "./stores";

describe.each(await availableEngines())("%s", (engine) => {
  let under: StoreUnderTest;
  beforeAll(async () => {
    under = await startStore(engine);
  });
  afterAll(() => under.stop());

  test("every move is remembered with its time, from, to, reason, by whom and how it came back, newest first", async () => {
    await under.running();
    const { store } = under;
    const lease = leaseGranted(
      await store.claim(scope, { kind: "pause", leaseId: leaseOf("idle"), reason: "idle" }),
    );
    await store.commit(lease, {
      operation: "paused",
      claim: "release",
      become: "paused",
      reason: "idle",
      set: { pausedAt: 1 },
      check: "never",
    });

    const history = await store.history(scope, 10);

    expect(history).toMatchObject([
      {
        kind: "moved",
        from: "pausing",
        to: "paused",
        reason: "idle",
        by: leaseOf("idle"),
        sandboxId: sandboxA,
      },
      { kind: "moved", from: "running", to: "pausing", reason: "idle", by: leaseOf("idle") },
      { kind: "moved", from: "starting", to: "running", by: leaseOf("boot") },
      { kind: "moved", from: "absent", to: "starting", reason: "requested", by: leaseOf("boot") },
    ]);
    const times = history.map(({ at }) => at);
    expect(times).toEqual([...times].sort((left, right) => right - left));
    expect(history[0]).not.toHaveProperty("cameBack");
  });

  test("a commit that is repeated is remembered once", async () => {
    const lease = leaseGranted(await under.open("again"));
    const change = {
      operation: "up-again",
      claim: "hold",
      become: "running",
      set: { sandboxId: sandboxA, runStartedAt: 1, endsAt: 2, port: 3000, cameBack: "resumed", tookMs: 900 },
      check: "never",
    } as const;

    await under.store.commit(lease, change);
    await under.store.commit(lease, change);

    expect((await under.store.history(scope, 2)).map((entry) => entry.kind === "moved" && entry.to)).toEqual([
      "running",
      "resuming",
    ]);
    expect((await under.store.history(scope, 1))[0]).toMatchObject({ cameBack: "resumed", tookMs: 900 });
  });

  test("holds and what became of the files are remembered beside the moves", async () => {
    const key = parseHoldKey("agent-1");
    await under.store.hold(scope, key, 60_000);
    await under.store.hold(scope, key, 60_000);
    await under.store.release(scope, key);
    await under.store.note(scope, { kind: "saved", revision: "r2", files: "3" });

    expect(await under.store.history(scope, 3)).toMatchObject([
      { kind: "saved", revision: "r2", files: 3 },
      { kind: "released", by: "agent-1" },
      { kind: "held", by: "agent-1" },
    ]);
  });

  test("only the newest entries are kept", async () => {
    const note = { kind: "saved", revision: "r1", files: "1" } as const;
    for (let index = 0; index < policy.historyEntries + 5; index += 1) await under.store.note(scope, note);

    expect(await under.store.history(scope, 1_000)).toHaveLength(policy.historyEntries);
  });
});

test.each([
  ["route-0011223344", "person"],
  ["idle-01ABC-0", "idle"],
  ["check-01ABC", "sweep"],
  ["anything", "product"],
])("who took the claim %s was the %s", (by, actor) => {
  expect(actorOf(by)).toBe(actor);
});
