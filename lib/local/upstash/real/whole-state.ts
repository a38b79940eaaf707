/**
 * Owns going back in time on a real Redis, which has no undo: a mark is a copy of every key (DUMP and its expiry), taken
 * by one script and put back by one transaction. The whole database and not only the keys that a command names, because
 * a script may touch keys that it did not declare. It costs what the database holds, so it is for tests and small
 * development databases, and only where writes are kept for rolling back. Needs Redis 7 (PEXPIRETIME).
 * Fails closed: a copy that cannot be taken or put back is an error. A large hash or set that Redis rehashed meanwhile
 * may count as changed.
 */
import type { Redis as RedisClient } from "ioredis";
import type { Command, StateMark } from "../engine";
import type { Reply } from "../reply";
import { send, sendAtomically } from "./connection";

interface KeptKey {
  readonly dump: string;
  /** undefined for a key that stays. */
  readonly expiresAtMs: number | undefined;
}

interface WholeState {
  readonly nowMs: number;
  readonly keys: ReadonlyMap<string, KeptKey>;
}

const copyEverything = `
local copied, time = {}, redis.call('TIME')
for _, key in ipairs(redis.call('KEYS', '*')) do
  table.insert(copied, { key, redis.call('DUMP', key), redis.call('PEXPIRETIME', key) })
end
return { time[1], time[2], copied }
`;

export async function markWholeState(
  keeper: RedisClient,
  refuseEmptying: () => Promise<string | undefined>,
): Promise<StateMark> {
  const before = await copyState(keeper);
  return {
    hasChanged: async () => differs(before, await copyState(keeper)),
    async restore() {
      const refusal = await refuseEmptying();
      if (refusal !== undefined) throw new Error(refusal);
      const replies = await sendAtomically(keeper, [["FLUSHDB"], ...[...before.keys].map(restoring)]);
      const failed = replies.find((reply) => reply.kind === "error");
      if (failed !== undefined) throw new Error(`The real Redis did not go back: ${failed.text}`);
    },
    release: () => undefined,
  };
}

const restoring = ([key, { dump, expiresAtMs }]: [string, KeptKey]): Command =>
  expiresAtMs === undefined
    ? ["RESTORE", key, "0", dump]
    : ["RESTORE", key, String(expiresAtMs), dump, "ABSTTL"];

async function copyState(keeper: RedisClient): Promise<WholeState> {
  const [seconds, micros, copied] = itemsOf(await send(keeper, ["EVAL", copyEverything, "0"]));
  if (seconds?.kind !== "bytes" || micros?.kind !== "bytes") throw unreadable();
  return {
    nowMs: Number(seconds.bytes) * 1_000 + Number(micros.bytes) / 1_000,
    keys: new Map(itemsOf(copied).map((entry) => keptKey(itemsOf(entry)))),
  };
}

function keptKey([key, dump, expiry]: readonly Reply[]): [string, KeptKey] {
  if (key?.kind !== "bytes" || dump?.kind !== "bytes" || expiry?.kind !== "integer") throw unreadable();
  return [key.bytes, { dump: dump.bytes, expiresAtMs: expiry.value < 0 ? undefined : expiry.value }];
}

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  if (reply?.kind === "array") return reply.items;
  throw unreadable(reply?.kind === "error" ? reply.text : undefined);
}

const unreadable = (text = "not the reply of its script"): Error =>
  new Error(`The real Redis could not be copied, so its writes cannot be kept for rolling back: ${text}`);

function differs(before: WholeState, after: WholeState): boolean {
  const isOther = ([key, { dump, expiresAtMs }]: [string, KeptKey]) => {
    const now = after.keys.get(key);
    if (now === undefined) return expiresAtMs === undefined || expiresAtMs > after.nowMs;
    return now.dump !== dump || now.expiresAtMs !== expiresAtMs;
  };
  return [...before.keys].some(isOther) || [...after.keys.keys()].some((key) => !before.keys.has(key));
}
