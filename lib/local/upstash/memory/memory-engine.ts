/**
 * Owns the in-process engine: dispatches commands to the keyspace and scripts to their runner, at the injected
 * clock's time. Everything runs synchronously, so scripts and transactions are atomic. One instant per command or
 * script, as in Redis. It keeps nothing on disk and forgets all at stop.
 * Fails closed: what is not on the list of allowed commands is refused, inside scripts too.
 */
import type { Clock } from "@/lib/clock";
import { type AllowedCommand, allowedCommands, isCountAllowed, keysNamed } from "../allowed-commands";
import type { Bytes } from "../bytes";
import type { Command, RedisEngine } from "../engine";
import { array, bytesReply, errorReply, integer, ok, type Reply } from "../reply";
import { readScriptCacheCommand } from "../script-cache-commands";
import { refuseByFlags } from "../script-flags";
import { type Args, at, parseInteger } from "./arguments";
import { CommandError } from "./command-error";
import type { Handler } from "./commands/handler";
import { hashCommands } from "./commands/hash-commands";
import { keyCommands } from "./commands/key-commands";
import { serverCommands } from "./commands/server-commands";
import { setCommands } from "./commands/set-commands";
import { sortedSetCommands } from "./commands/sorted-set-commands";
import { sortedSetRanges } from "./commands/sorted-set-ranges";
import { streamCommands } from "./commands/stream-commands";
import { stringCommands } from "./commands/string-commands";
import { Keyspace } from "./keyspace";
import { createScriptRunner, type ScriptRunner } from "./lua/script-runner";
import { UndoLog } from "./undo-log";

export interface MemoryEngineOptions {
  readonly clock: Clock;
  /** Told of the keys that may be about to change, so that who watches a few of them need not ask for each. */
  readonly changing?: (keys: readonly Bytes[]) => void;
}

export async function createMemoryEngine({ clock, changing }: MemoryEngineOptions): Promise<RedisEngine> {
  const keys = new Keyspace();
  const undo = new UndoLog(keys, changing);
  const dataHandlers = new Map<string, Handler>(
    Object.entries({
      ...serverCommands,
      ...keyCommands,
      ...stringCommands,
      ...hashCommands,
      ...setCommands,
      ...sortedSetCommands,
      ...sortedSetRanges,
      ...streamCommands,
    }),
  );
  const execute = (
    handlers: ReadonlyMap<string, Handler>,
    allowed: AllowedCommand | undefined,
    name: string,
    args: Args,
  ): Reply => {
    if (allowed?.writes) undo.remember(name === "FLUSHDB" ? keys.keys() : keysNamed(allowed, args));
    return dispatch(handlers, keys, name, args);
  };
  const scripts = createScriptRunner((command, { flags, declaredKeys }) => {
    const [given = "", ...args] = command;
    const name = given.toUpperCase();
    const allowed = allowedCommands.get(name);
    const refusal =
      refuseInScript(allowed, args.length) ?? refuseByFlags(flags, declaredKeys, name, allowed, args);
    return refusal === undefined ? execute(dataHandlers, allowed, name, args) : errorReply(refusal);
  });
  const handlers = new Map([...dataHandlers, ...Object.entries(scriptCommands(scripts))]);

  const runNow = ([name, ...args]: Command): Reply => {
    keys.nowMs = clock.now();
    return execute(handlers, allowedCommands.get(name), name, args);
  };
  const forgetAll = () => {
    changing?.(keys.keys());
    keys.clear();
    undo.forgetAll();
    scripts.forgetAll();
  };

  return {
    kind: "in-process",
    execute: async (command) => runNow(command),
    executeAtomically: async (commands) => commands.map(runNow),
    mark: async () => undo.mark(),
    loseEverything: async () => forgetAll(),
    stop: async () => forgetAll(),
  };
}

function refuseInScript(allowed: AllowedCommand | undefined, argumentCount: number): string | undefined {
  if (allowed === undefined) return "ERR Unknown Redis command called from script";
  if (allowed.inScripts === false) return "ERR This Redis command is not allowed from script";
  return isCountAllowed(allowed, argumentCount)
    ? undefined
    : "ERR Wrong number of args calling Redis command from script";
}

function dispatch(handlers: ReadonlyMap<string, Handler>, keys: Keyspace, name: string, args: Args): Reply {
  const handler = handlers.get(name);
  if (handler === undefined) return errorReply(`ERR unknown command '${name}'`);
  try {
    return handler(keys, args);
  } catch (error) {
    if (error instanceof CommandError) return errorReply(error.message);
    throw error;
  }
}

function scriptCommands(scripts: ScriptRunner): Record<string, Handler> {
  const run = (sha: string, args: Args): Reply => {
    const { keys, rest } = splitKeys(args);
    return scripts.run(sha, keys, rest);
  };
  return {
    EVAL: (_keys, args) => run(scripts.load(at(args, 0)), args),
    EVALSHA: (_keys, args) => run(at(args, 0), args),
    SCRIPT(_keys, args) {
      const command = readScriptCacheCommand(args);
      switch (command.kind) {
        case "load":
          return bytesReply(scripts.load(command.source));
        case "exists":
          return array(command.shas.map((sha) => integer(scripts.has(sha) ? 1 : 0)));
        case "flush":
          scripts.forgetAll();
          return ok;
        case "refused":
          return errorReply(command.error);
      }
    },
  };
}

function splitKeys(args: Args): { keys: readonly Bytes[]; rest: readonly Bytes[] } {
  const count = parseInteger(at(args, 1));
  if (count < 0) throw new CommandError("ERR Number of keys can't be negative");
  if (count > args.length - 2) {
    throw new CommandError("ERR Number of keys can't be greater than number of args");
  }
  return { keys: args.slice(2, 2 + count), rest: args.slice(2 + count) };
}
