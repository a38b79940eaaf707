/** How long a user's sandboxes have run: what is counted, told, and begun anew, over whatever days and months. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { policy as shipped } from "@/inngest.config";
import { parseScope } from "@/lib/ids";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { VirtualClock } from "@/lib/local/virtual-clock";
import type { Snapshot } from "@/lib/preview/record";
import { usageNotice, usageSteps } from "@/lib/preview/usage";
import { keysOf } from "@/lib/store/keys";
import { policyNumbers } from "@/lib/store/policy-numbers";
import { script } from "@/lib/store/scripts/script";
import { aSnapshot } from "../support/records";
import { virtualRedis } from "../support/virtual-redis";
import { MANY } from "./snapshots";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Leap years and the ends of centuries among them. */
const moments = fc
  .oneof(
    fc
      .integer({ min: 0, max: 200 * 366 })
      .chain((day) => fc.constantFrom(-1, 0, 1).map((ms) => day * DAY_MS + ms)),
    fc.integer({ min: 0, max: Date.UTC(2170, 0, 1) }),
  )
  .map((at) => Math.max(0, at));

const limitMs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 * HOUR_MS }));
const usage = fc.record({ dayMs: fc.nat(50 * HOUR_MS), monthMs: fc.nat(50 * HOUR_MS) });

test("a user is told of the limit that is nearest, by its last step, and when it begins anew", () => {
  fc.assert(
    fc.property(usage, limitMs, limitMs, moments, (used, dayLimitMs, monthLimitMs, now) => {
      const policy = { ...shipped, maxRunMsPerUserDay: dayLimitMs, maxRunMsPerUserMonth: monthLimitMs };
      const snapshot: Snapshot = { ...aSnapshot("running"), now, usage: used };
      const notice = usageNotice(snapshot, policy);
      const shareOf = (usedMs: number, limit: number) => (limit === 0 ? 0 : usedMs / limit);
      const shares = {
        day: shareOf(used.dayMs, dayLimitMs),
        month: shareOf(used.monthMs, monthLimitMs),
      };
      const most = Math.max(shares.day, shares.month);

      expect(notice === undefined).toBe(most < 0.8);
      if (!notice) return;
      expect(shares[notice.period]).toBe(most);
      expect(notice.usedMs / notice.limitMs).toBe(most);
      expect(notice.step).toBe(usageSteps.filter((step) => most >= step / 100).at(-1));
      expect(notice.resetsAt).toBeGreaterThan(now);
      const before = new Date(notice.resetsAt - 1).toISOString();
      const after = new Date(notice.resetsAt).toISOString();
      const length = notice.period === "day" ? "2026-01-01".length : "2026-01".length;
      expect(before.slice(0, length)).toBe(new Date(now).toISOString().slice(0, length));
      expect(after.endsWith(notice.period === "day" ? "T00:00:00.000Z" : "-01T00:00:00.000Z")).toBe(true);
      expect(notice.title).toContain(notice.period === "day" ? "today" : "this month");
      expect(notice.title.startsWith(`${notice.step} %`)).toBe(notice.step < 100);
    }),
    MANY,
  );
});

test("nobody is told of anything where nothing is limited or nothing is known", () => {
  fc.assert(
    fc.property(usage, limitMs, (used, limit) => {
      const unlimited = { ...shipped, maxRunMsPerUserDay: 0, maxRunMsPerUserMonth: 0 };
      const limited = { ...unlimited, maxRunMsPerUserDay: limit };

      expect(usageNotice({ ...aSnapshot("running"), usage: used }, unlimited)).toBeUndefined();
      expect(usageNotice(aSnapshot("running"), limited)).toBeUndefined();
    }),
    MANY,
  );
});

/** The ledger is Lua only: what it adds for an interval is read back from Redis's hash. */
const addScript = script(
  "add-intervals",
  `
redis.call('DEL', userKey)
for index = 2, #ARGV, 2 do addInterval(tonumber(ARGV[index]) + 0.0, tonumber(ARGV[index + 1]) + 0.0) end
return redis.call('HGETALL', userKey)
`,
);

/** Each case costs a script in an interpreted Lua; there are up to eight intervals in it. */
const LEDGERS = { ...MANY, numRuns: Math.ceil(MANY.numRuns / 20) };

test("what a ledger holds of any intervals is their length, each millisecond on its own day and month", async () => {
  const redis = virtualRedis(await createMemoryEngine({ clock: new VirtualClock() }));
  const { all } = keysOf("test", parseScope("p1", "u1"));
  // Within the days that a ledger keeps: an older day is forgotten when a new one is written.
  const starts = fc.tuple(
    moments,
    fc.array(fc.tuple(fc.nat(20 * DAY_MS), fc.nat(3 * DAY_MS)), { maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(starts, async ([origin, spans]) => {
      const intervals = spans.map(([after, ms]) => [origin + after, origin + after + ms] as const);
      const args = intervals.flat().map(String);
      const reply = await redis.runScript(addScript, [...all], [policyNumbers(shipped), ...args]);

      expect(pairs(reply)).toEqual(expectedLedger(intervals));
    }),
    LEDGERS,
  );
});

function pairs(reply: unknown): Readonly<Record<string, number>> {
  const flat = Array.isArray(reply) ? reply : [];
  return Object.fromEntries(
    flat.flatMap((name, index) => (index % 2 ? [] : [[name, Number(flat[index + 1])]])),
  );
}

/** Hour by hour through JavaScript's own calendar. */
function expectedLedger(intervals: readonly (readonly [number, number])[]): Record<string, number> {
  const ledger: Record<string, number> = {};
  for (const [from, to] of intervals) {
    for (let at = from; at < to; ) {
      const next = Math.min(to, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
      const month = new Date(at).toISOString().slice(0, "2026-01".length);
      for (const name of [`day:${Math.floor(at / DAY_MS)}`, `month:${month}`]) {
        ledger[name] = (ledger[name] ?? 0) + next - at;
      }
      at = next;
    }
  }
  return ledger;
}
