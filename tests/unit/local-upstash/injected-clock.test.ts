/** What the in-process engine adds to a real Redis: its time is the injected clock's, to the millisecond. */
import { describe, expect, test } from "vitest";
import type { Command } from "@/lib/local/upstash/engine";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";
import { bytesReply, integer, nil } from "@/lib/local/upstash/reply";
import { VirtualClock } from "@/lib/local/virtual-clock";

async function startAt(startMs: number) {
  const clock = new VirtualClock(startMs);
  const engine = await createMemoryEngine({ clock });
  const run = (...command: Command) => engine.execute(command);
  return { clock, run };
}

describe("the injected clock", () => {
  test("decides when a key is gone, exactly at its instant", async () => {
    const { clock, run } = await startAt(1_763_800_000_000);
    await run("SET", "k", "v", "PX", "1000");
    await clock.advance(999);
    await expect(run("GET", "k")).resolves.toEqual(bytesReply("v"));
    await expect(run("PTTL", "k")).resolves.toEqual(integer(1));
    await clock.advance(1);
    await expect(run("GET", "k")).resolves.toEqual(nil);
    await expect(run("DBSIZE")).resolves.toEqual(integer(0));
  });

  test("lets a month pass at once", async () => {
    const { clock, run } = await startAt(1_763_800_000_000);
    await run("HSET", "h", "f", "v");
    await run("EXPIRE", "h", "2592000");
    await clock.advance(2_591_999_000);
    await expect(run("EXISTS", "h")).resolves.toEqual(integer(1));
    await clock.advance(1_000);
    await expect(run("EXISTS", "h")).resolves.toEqual(integer(0));
  });

  test("a key that comes back after its expiry starts empty and without expiry", async () => {
    const { clock, run } = await startAt(1_763_800_000_000);
    await run("HSET", "h", "old", "v");
    await run("PEXPIRE", "h", "10");
    await clock.advance(10);
    await run("HSET", "h", "new", "v");
    await expect(run("HLEN", "h")).resolves.toEqual(integer(1));
    await expect(run("PTTL", "h")).resolves.toEqual(integer(-1));
  });

  test("is what TIME says, inside scripts too", async () => {
    const { clock, run } = await startAt(1_763_800_000_123);
    const lua = "local t = redis.call('TIME') return t[1] .. '.' .. t[2]";
    await expect(run("EVAL", lua, "0")).resolves.toEqual(bytesReply("1763800000.123000"));
    await clock.advance(1_500);
    await expect(run("EVAL", lua, "0")).resolves.toEqual(bytesReply("1763800001.623000"));
  });

  test("names the entries of a stream, which never go backwards within an instant", async () => {
    const { run } = await startAt(1_763_800_000_123);
    await expect(run("XADD", "x", "*", "f", "v")).resolves.toEqual(bytesReply("1763800000123-0"));
    await expect(run("XADD", "x", "*", "f", "v")).resolves.toEqual(bytesReply("1763800000123-1"));
  });
});
