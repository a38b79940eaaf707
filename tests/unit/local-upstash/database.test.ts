/**
 * A database with faults and no sockets, as a simulation uses it: at the virtual clock's time, the same seed the same
 * story, and what cannot be rolled back refused with a sentence.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FaultPlan } from "@/lib/local/faults/fault-plan";
import { createDatabase, type Outcome } from "@/lib/local/upstash/database";
import type { Command } from "@/lib/local/upstash/engine";
import { siteNames, type UpstashFault } from "@/lib/local/upstash/faults";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { bytesReply, errorReply, integer, nil } from "@/lib/local/upstash/reply";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { seededRandom } from "@/lib/random";

async function start({ seed = 1, keptWrites = 10 } = {}) {
  const clock = new VirtualClock();
  const faults = new FaultPlan<UpstashFault>(seededRandom(seed));
  const engine = await createMemoryEngine({ clock });
  const database = createDatabase({ engine, clock, faults, keptWrites });
  const ask = (...commands: Command[]) => database.ask({ kind: "pipeline", commands });
  const always = (fault: UpstashFault, site = "*") => faults.add({ site, when: { kind: "always" }, fault });
  return { clock, faults, engine, database, ask, always };
}

describe("faults without sockets", () => {
  test("a delay passes in the virtual clock's time, to the millisecond", async () => {
    const { clock, ask, always } = await start();
    always({ kind: "delay", minMs: 3_600_000, maxMs: 3_600_000 }, "INCR");
    let answered: Outcome | undefined;
    void ask(["INCR", "n"]).then((outcome) => {
      answered = outcome;
    });
    await clock.advance(3_599_999);
    expect([answered, await ask(["GET", "n"])]).toEqual([undefined, { kind: "answered", replies: [nil] }]);
    await clock.advance(1);
    expect(answered).toEqual({ kind: "answered", replies: [integer(1)] });
  });

  test("the same seed tells the same story, another seed another", async () => {
    const story = async (seed: number) => {
      const { database, faults, ask } = await start({ seed });
      const kinds = [
        { kind: "drop-before" },
        { kind: "drop-after" },
        { kind: "error-before", status: 429 },
        { kind: "error-after", status: 500 },
        { kind: "roll-back", writes: 2 },
        { kind: "lose-everything" },
      ] as const;
      for (const fault of kinds) {
        faults.add({ site: "INCR", when: { kind: "probability", probability: 0.1 }, fault });
      }
      const outcomes: Outcome[] = [];
      for (let calls = 0; calls < 60; calls += 1) outcomes.push(await ask(["INCR", "n"]));
      return { outcomes, injected: faults.injected(), counts: database.commandCounts() };
    };
    expect(await story(7)).toEqual(await story(7));
    expect((await story(7)).outcomes).not.toEqual((await story(8)).outcomes);
    expect(Object.keys((await story(7)).injected.INCR ?? {})).toHaveLength(6);
  });

  test("several faults meet one call in the order of their rules", async () => {
    const { ask, always } = await start();
    await ask(["SET", "n", "5"]);
    always({ kind: "roll-back", writes: 1 }, "INCR");
    always({ kind: "drop-after" }, "INCR");
    expect(await ask(["INCR", "n"])).toEqual({ kind: "dropped" });
    expect(await ask(["GET", "n"])).toEqual({ kind: "answered", replies: [bytesReply("1")] });
  });

  test("a command off the list is refused, and a transaction with it is aborted", async () => {
    const { database, ask } = await start();
    const unknown: Command = ["NOSUCH", "k"];
    expect(await ask(unknown)).toEqual({
      kind: "answered",
      replies: [errorReply("ERR unknown command 'NOSUCH'")],
    });
    expect(await database.ask({ kind: "transaction", commands: [["INCR", "n"], unknown] })).toEqual({
      kind: "aborted",
    });
    expect(await ask(["EXISTS", "n"])).toEqual({ kind: "answered", replies: [integer(0)] });
  });
});

describe("rolling back", () => {
  test("is refused with a sentence where no writes are kept, as a fault too", async () => {
    const { database, ask, always } = await start({ keptWrites: 0 });
    const refusal = /keeps the last 0 acknowledged writes, so 1 cannot be rolled back/;
    await ask(["SET", "k", "v"]);
    await expect(database.rollBackWrites(1)).rejects.toThrow(refusal);
    always({ kind: "roll-back", writes: 1 });
    await expect(ask(["GET", "k"])).rejects.toThrow(refusal);
  });

  test("brings a key back with its instant of expiry, and not when that has passed", async () => {
    const { clock, database, ask } = await start();
    await ask(["SET", "k", "v", "PX", "1000"]);
    await ask(["DEL", "k"]);
    await clock.advance(400);
    expect(await database.rollBackWrites(1)).toBe(1);
    expect(await ask(["PTTL", "k"])).toEqual({ kind: "answered", replies: [integer(600)] });
    await ask(["DEL", "k"]);
    await clock.advance(600);
    expect(await database.rollBackWrites(1)).toBe(1);
    expect(await ask(["EXISTS", "k"])).toEqual({ kind: "answered", replies: [integer(0)] });
  });

  test("a key that merely expired is no write of whoever came next", async () => {
    const { clock, database, ask } = await start();
    await ask(["SET", "k", "v", "PX", "1000"]);
    await clock.advance(1_000);
    await ask(["DEL", "k"]);
    expect(await database.rollBackWrites(1)).toBe(1);
    expect(await database.rollBackWrites(1)).toBe(0);
  });

  test("a transaction is one write", async () => {
    const { database, ask } = await start();
    await database.ask({
      kind: "transaction",
      commands: [
        ["SET", "a", "1"],
        ["SET", "b", "1"],
      ],
    });
    expect(await database.rollBackWrites(1)).toBe(1);
    expect(await ask(["EXISTS", "a", "b"])).toEqual({ kind: "answered", replies: [integer(0)] });
  });

  test("a mark that a return to an earlier one has made void says so", async () => {
    const { engine } = await start();
    const first = await engine.mark();
    await engine.execute(["SET", "k", "1"]);
    const second = await engine.mark();
    await first.restore();
    await expect(second.restore()).rejects.toThrow(/void/);
    await expect(first.hasChanged()).resolves.toBe(false);
  });
});

test("a script is called by its name where that is known, else by its SHA-1, whether EVAL or EVALSHA", () => {
  const lua = "return '€'";
  const sha = createHash("sha1").update(lua).digest("hex");
  const bytes = Buffer.from(lua).toString("latin1");
  const siteOf = siteNames([{ name: "euro", lua }]);
  expect(siteOf(["EVAL", bytes, "0"])).toBe("script:euro");
  expect(siteOf(["EVALSHA", sha.toUpperCase(), "0"])).toBe("script:euro");
  expect(siteNames([])(["EVAL", bytes, "0"])).toBe(`script:${sha}`);
  expect(siteOf(["HSET", "h", "f", "v"])).toBe("HSET");
});
