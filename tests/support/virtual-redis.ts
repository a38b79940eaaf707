/**
 * Owns `lib/redis`'s port over the in-process Redis engine without a socket, so that the shipping scripts run at a
 * virtual clock's time. It must never answer from anything but the engine. Fails as the port does: an error reply is
 * `StoreRefusedError`.
 */
import { StoreRefusedError } from "@/lib/errors";
import { type Bytes, bytesFromText, textFromBytes } from "@/lib/local/upstash/bytes";
import type { RedisEngine } from "@/lib/local/upstash/engine";
import type { Reply } from "@/lib/local/upstash/reply";
import type { Redis, ScriptReply } from "@/lib/redis";

export interface VirtualRedis extends Redis {
  /** One plain command, for looking at what the scripts wrote. */
  command(name: string, ...args: string[]): Promise<ScriptReply>;
  /** Script calls so far, by the script's name. */
  readonly scriptCalls: ReadonlyMap<string, number>;
}

/** Always the same object for the same script, which is what the engine knows it by at once. */
const scripts = new Map<string, Bytes>();

function bytesOfScript(lua: string): Bytes {
  const bytes = scripts.get(lua) ?? bytesFromText(lua);
  scripts.set(lua, bytes);
  return bytes;
}

export function virtualRedis(engine: RedisEngine): VirtualRedis {
  const scriptCalls = new Map<string, number>();
  const run = async (name: string, command: string, args: readonly Bytes[]): Promise<ScriptReply> => {
    const reply = await engine.execute([command, ...args]);
    if (reply.kind === "error") throw new StoreRefusedError(name, new Error(textFromBytes(reply.text)));
    return plain(reply);
  };
  return {
    scriptCalls,
    runScript({ name, lua }, keys, args) {
      scriptCalls.set(name, (scriptCalls.get(name) ?? 0) + 1);
      return run(name, "EVAL", [
        bytesOfScript(lua),
        ...[String(keys.length), ...keys, ...args].map(bytesFromText),
      ]);
    },
    command: (name, ...args) => run(name, name, args.map(bytesFromText)),
  };
}

function plain(reply: Reply): ScriptReply {
  switch (reply.kind) {
    case "integer":
      return reply.value;
    case "bytes":
      return textFromBytes(reply.bytes);
    case "status":
    case "error":
      return reply.text;
    case "nil":
      return null;
    case "array":
      return reply.items.map(plain);
  }
}
