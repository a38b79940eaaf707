/**
 * Owns looking at a preview's record again and again while time moves. The record is made of its hash alone, so as long
 * as that is the same the last answer is: running the shipping script each time took a third of a test that waits for
 * something. Whatever changed the hash, it must never answer an older record. Fails as the store does.
 */
import type { Scope } from "@/lib/ids";
import type { PreviewRecord } from "@/lib/preview/record";
import { keysOf } from "@/lib/store/keys";
import type { PreviewStore } from "@/lib/store/store";
import type { VirtualRedis } from "./virtual-redis";

interface Seen {
  readonly hash: string;
  readonly record: PreviewRecord;
}

export function recordReader(redis: VirtualRedis, store: PreviewStore, environment: string, scope: Scope) {
  const seen = new Map<string, Seen>();
  return async (of: Scope = scope): Promise<PreviewRecord> => {
    const [key] = keysOf(environment, of).all;
    const hash = JSON.stringify(await redis.command("HGETALL", key));
    const known = seen.get(key);
    if (known?.hash === hash) return known.record;
    const { record } = (await store.read(of)).snapshot;
    seen.set(key, { hash, record });
    return record;
  };
}
