/**
 * Owns a Redis that can forget (F9): its last acknowledged writes, as a failover of an asynchronous replica does, or all.
 * It must never forget a part of one script. Seeds without such a loss pay nothing for it.
 */
import type { RedisEngine } from "@/lib/local/upstash/engine";
import { WriteJournal } from "@/lib/local/upstash/write-journal";
import { type VirtualRedis, virtualRedis } from "@/tests/support/virtual-redis";

/** As many as a replica may be behind. */
const MOST_WRITES = 20;

export interface ForgetfulRedis {
  readonly redis: VirtualRedis;
  /** Undefined where nothing is kept to go back to. */
  readonly forget: ((writes: number | "all") => Promise<void>) | undefined;
}

export function forgetfulRedis(engine: RedisEngine, isForgetful: boolean): ForgetfulRedis {
  if (!isForgetful) return { redis: virtualRedis(engine), forget: undefined };
  const journal = new WriteJournal(engine, MOST_WRITES);
  const redis = virtualRedis({
    ...engine,
    async execute(command) {
      const [reply] = await journal.record(true, async () => [await engine.execute(command)]);
      if (reply === undefined) throw new Error("the engine did not answer");
      return reply;
    },
  });
  return {
    redis,
    async forget(writes) {
      if (writes === "all") await journal.loseEverything();
      else await journal.rollBack(Math.min(writes, MOST_WRITES));
    },
  };
}
