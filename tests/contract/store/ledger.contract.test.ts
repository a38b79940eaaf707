/** How long users' sandboxes ran, by day and month: what the scripts add up when runs end, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseScope, type Scope } from "@/lib/ids";
import { userKey } from "@/lib/store/keys";
import {
  availableEngines,
  environment,
  leaseGranted,
  leaseOf,
  policy,
  type StoreUnderTest,
  sandboxA,
  scope,
  startStore,
} from "./stores";

const DAY = 86_400_000;
const HOUR = 3_600_000;

describe.each(await availableEngines())("the ledger on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine);
  });
  beforeEach(async () => {
    await at.sdk.flushdb();
  });
  afterAll(() => at.stop());

  /** A run from its start to its pause, as the provider told both. */
  async function ran(from: number, to: number, of: Scope = scope): Promise<void> {
    const name = `${of.projectId}-${from}`;
    const lease = leaseGranted(await at.open(name, {}, of));
    await at.store.commit(lease, {
      operation: "up",
      claim: "release",
      become: "running",
      set: { sandboxId: sandboxA, runStartedAt: from, endsAt: to + HOUR, port: 3000 },
      check: "never",
    });
    const pause = leaseGranted(
      await at.store.claim(of, {
        kind: "pause",
        leaseId: leaseOf(`rest-${name}`),
        reason: "idle",
        isForced: true,
      }),
    );
    await at.store.commit(pause, {
      operation: "paused",
      claim: "release",
      become: "paused",
      set: { pausedAt: to },
      endedAt: to,
      check: "never",
    });
  }

  async function ledger(userId = "u1"): Promise<Record<string, number>> {
    const fields = await at.sdk.eval<unknown[], string[]>(
      "return redis.call('HGETALL', KEYS[1])",
      [userKey(environment, userId)],
      [],
    );
    const found: Record<string, number> = {};
    for (let index = 0; index < fields.length; index += 2) {
      const name = String(fields[index]);
      if (/^(day|month|run|place):/.test(name)) found[name] = Number(fields[index + 1]);
    }
    return found;
  }

  const dayOf = (at: number) => `day:${Math.floor(at / DAY)}`;

  test.each([
    ["within one day", Date.UTC(2023, 4, 4, 8), Date.UTC(2023, 4, 4, 10)],
    ["over midnight", Date.UTC(2023, 4, 4, 23), Date.UTC(2023, 4, 5, 2)],
    ["over the end of a year", Date.UTC(2022, 11, 31, 22), Date.UTC(2023, 0, 1, 1)],
    ["over a leap day", Date.UTC(2020, 1, 28, 20), Date.UTC(2020, 2, 1, 4)],
    ["into a March without one", Date.UTC(2021, 1, 28, 20), Date.UTC(2021, 2, 1, 4)],
  ])("a run %s is added to each day and month for as long as it lasted in it", async (_name, from, to) => {
    await ran(from, to);

    const expected: Record<string, number> = {};
    for (let hour = from; hour < to; hour += HOUR) {
      const month = `month:${new Date(hour).toISOString().slice(0, 7)}`;
      for (const field of [dayOf(hour), month]) expected[field] = (expected[field] ?? 0) + HOUR;
    }
    expect(await ledger()).toEqual(expected);
  });

  test("every month of four years is named as the calendar names it", async () => {
    for (let month = 0; month < 48; month += 1) {
      const first = Date.UTC(2020, month, 1);
      await ran(first, first + HOUR, parseScope(`p${month}`, "u1"));
      expect(await ledger()).toHaveProperty([`month:${new Date(first).toISOString().slice(0, 7)}`], HOUR);
    }
  });

  test("runs of several previews add up, each user's for themselves", async () => {
    const from = Date.UTC(2023, 4, 4, 8);
    await ran(from, from + HOUR);
    await ran(from, from + 2 * HOUR, parseScope("p2", "u1"));
    await ran(from, from + 4 * HOUR, parseScope("p1", "u2"));

    expect(await ledger()).toEqual({ [dayOf(from)]: 3 * HOUR, "month:2023-05": 3 * HOUR });
    expect(await ledger("u2")).toMatchObject({ [dayOf(from)]: 4 * HOUR });
  });

  test("a commit that is sent again, and one of another's claim, add nothing", async () => {
    const from = Date.UTC(2023, 4, 4, 8);
    await ran(from, from + HOUR);
    const lease = { scope, leaseId: leaseOf(`rest-p1-${from}`), epoch: 2 };
    const again = {
      operation: "paused",
      claim: "release",
      endedAt: from + 9 * HOUR,
      check: "never",
    } as const;

    const repeated = await at.store.commit(lease, again);
    const late = await at.store.commit(lease, { ...again, operation: "another" });

    expect([repeated.kind, late.kind]).toEqual(["committed", "lost"]);
    expect(await ledger()).toMatchObject({ [dayOf(from)]: HOUR });
  });

  test("a renewed run ends where the next one begins", async () => {
    const from = Date.UTC(2023, 4, 4, 8);
    const lease = leaseGranted(await at.open("boot"));
    const up = (operation: string, runStartedAt: number, claim: "hold" | "release") =>
      at.store.commit(lease, {
        operation,
        claim,
        become: "running",
        set: { sandboxId: sandboxA, runStartedAt, endsAt: from + 9 * HOUR, port: 3000 },
        check: "never",
      });
    await up("first", from, "hold");
    await up("second", from + HOUR, "release");

    expect(await ledger()).toMatchObject({ [dayOf(from)]: HOUR, "run:p1": from + HOUR });
  });

  test("a day is forgotten when it is of no use any more, and its month is not", async () => {
    const long = Date.UTC(2023, 0, 10, 8);
    await ran(long, long + HOUR);
    await ran(long + 45 * DAY, long + 45 * DAY + HOUR, parseScope("p2", "u1"));

    const found = await ledger();
    expect(found).not.toHaveProperty([dayOf(long)]);
    expect(found).toMatchObject({ "month:2023-01": HOUR, "month:2023-02": HOUR });
  });

  test("at rest a preview has no place and no open run", async () => {
    await ran(Date.UTC(2023, 4, 4, 8), Date.UTC(2023, 4, 4, 9));

    const names = Object.keys(await ledger());

    expect(names.filter((name) => /^(run|place):/.test(name))).toEqual([]);
    expect((await at.store.read(scope)).snapshot.record.state).toBe("paused");
    expect(policy.maxRunMsPerUserDay).toBe(0);
  });
});
