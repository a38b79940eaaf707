/** That what is asked of the store reaches its scripts, and what they answer comes back, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { IllegalTransitionError } from "@/lib/errors";
import { parseUserId, previewIdOf } from "@/lib/ids";
import {
  availableEngines,
  environment,
  holdOf,
  leaseGranted,
  leaseOf,
  marking,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
} from "./stores";

describe.each(await availableEngines())("on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const wanted = async () => (await at.store.read(scope)).snapshot.record.wanted;
  const claim = (name: string) => ({ leaseId: leaseOf(name) });

  test("a preview has the id that is derived from its environment, project and user", () => {
    expect(at.store.previewIdOf(scope)).toBe(previewIdOf(environment, scope));
  });

  test("that newer files are there is written with its time, and of no preview is nothing to say", async () => {
    expect(await at.store.askSync(scope)).toBeUndefined();
    await at.running();

    const asked = await at.store.askSync(scope);

    expect(asked?.record.syncAskedAt).toBe(asked?.now);
    expect(asked?.record.state).toBe("running");
  });

  test("a step of a user's time is told once it was marked, and another is not", async () => {
    expect(await at.store.usageTold(scope, "day-80", true)).toBe(false);
    await at.open("one");

    expect(await at.store.usageTold(scope, "day-80", false)).toBe(false);
    expect(await at.store.usageTold(scope, "day-80", true)).toBe(false);
    expect(await at.store.usageTold(scope, "day-80", false)).toBe(true);
    expect(await at.store.usageTold(scope, "day-95", false)).toBe(false);
  });

  test("who settles writes what is wanted where they say so, and leaves it where they do not", async () => {
    await at.running();
    const first = leaseGranted(await at.store.claim(scope, { kind: "settle", ...claim("look") }));
    expect(await wanted()).toBe("running");
    await at.store.commit(first, marking("done", { claim: "release" }));

    await at.store.claim(scope, { kind: "settle", ...claim("again"), wanted: "resting" });

    expect(await wanted()).toBe("resting");
  });

  test("who adopts writes what is wanted, names the boot, and is above every epoch that the provider knows", async () => {
    const adopted = { kind: "adopt", bootId: "boot-adopted", epochFloor: 7 } as const;

    const reply = await at.store.claim(scope, { ...adopted, ...claim("audit"), wanted: "running" });

    expect(leaseGranted(reply).epoch).toBe(8);
    expect(reply.snapshot?.record).toMatchObject({
      wanted: "running",
      bootId: "boot-adopted",
      state: "starting",
    });
  });

  test("an agent's hold keeps off a pause and a renewal that wait for quiet, and neither an order nor the last moment", async () => {
    await at.running();
    await at.store.hold(scope, holdOf("agent"), 60_000);
    const ask = async (
      request: { kind: "pause"; isForced?: boolean } | { kind: "renew"; quietForMs?: number },
    ) => {
      const reply = await at.store.claim(scope, { ...request, ...claim("asks") });
      if (reply.kind === "granted")
        await at.store.commit(reply.lease, marking("no", { claim: "release", become: "running" }));
      return reply.kind;
    };

    expect(await ask({ kind: "pause" })).toBe("active");
    expect(await ask({ kind: "renew", quietForMs: 0 })).toBe("active");
    expect(await ask({ kind: "renew" })).toBe("granted");
    expect(await ask({ kind: "pause", isForced: true })).toBe("granted");
  });

  test("a user who may not run anything is refused, with the reason", async () => {
    await at.fleet.suspend(parseUserId("u1"), "ann", "not paid");

    expect(await at.open("one")).toMatchObject({ kind: "refused", reason: "suspended" });
  });

  test("of a move that the table does not have it is said from where to where", async () => {
    const lease = leaseGranted(await at.open("one"));
    const error = await at.store
      .commit(lease, marking("up", { become: "pausing" }))
      .catch((thrown) => thrown);

    expect(error).toBeInstanceOf(IllegalTransitionError);
    expect(error.message).toContain("starting");
    expect(error.message).toContain("pausing");
  });

  test("a time with a fraction is written as a whole one", async () => {
    const lease = leaseGranted(await at.open("one"));
    await at.store.commit(lease, marking("measured", { set: { tookMs: 1_234.56 } }));

    expect((await at.raw()).tookMs).toBe("1235");
  });

  test("what runs is looked at after the first of its deadlines, or at the time that the commit says", async () => {
    const lease = leaseGranted(await at.open("one"));
    const { now } = (await at.store.read(scope)).snapshot;
    const set = { sandboxId: sandboxA, runStartedAt: now, endsAt: now + 60_000, port: 3000 };
    await at.store.commit(lease, {
      operation: "up",
      claim: "hold",
      become: "running",
      set,
      check: "when-running",
    });

    expect(await at.dueAt()).toBe(now + 60_000 + policy.healAfterMs);
    await at.store.commit(lease, { operation: "at", claim: "hold", check: { at: now + 5 } });
    expect(await at.dueAt()).toBe(now + 5);
  });
});
