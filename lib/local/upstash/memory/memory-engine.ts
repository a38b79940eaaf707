/**
 * Owns the in-process engine: dispatches commands to the keyspace and scripts to the interpreter, at the injected
 * clock's time. Everything runs synchronously, so scripts and transactions are atomic. One instant per command or
 * script, as in Redis. It keeps nothing on disk and forgets all at stop.
 * Fails closed: what is not on the list of allowed commands is refused, inside scripts too.
 */
import type { Clock } from "@/lib/clock";
import { allowedCommands, refuseCommand } from "../allowed-commands";
import type { Bytes } from "../bytes";
import type { Command, RedisEngine } from "../engine";
import { array, bytesReply, errorReply, integer, ok, type Reply } from "../reply";
import { type Args, at, parseInteger } from "./arguments";
import { CommandError, syntaxError } from "./command-error";
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

export async function createMemoryEngine({ clock }: { clock: Clock }): Promise<RedisEngine> {
  const keys = new Keyspace();
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
  const scripts = await createScriptRunner(([name = "", ...args]) => {
    const upperName = name.toUpperCase();
    const refusal = refuseInScript(upperName, args.length);
    return refusal === undefined ? dispatch(dataHandlers, keys, upperName, args) : errorReply(refusal);
  });
  const handlers = new Map([...dataHandlers, ...Object.entries(scriptCommands(scripts))]);

  const runNow = ([name, ...args]: Command): Reply => {
    keys.nowMs = clock.now();
    return dispatch(handlers, keys, name, args);
  };

  return {
    kind: "in-process",
    execute: async (command) => runNow(command),
    executeAtomically: async (commands) => commands.map(runNow),
    async loseEverything() {
      keys.clear();
      scripts.forgetAll();
    },
    async stop() {
      keys.clear();
      scripts.forgetAll();
    },
  };
}

function refuseInScript(name: string, argumentCount: number): string | undefined {
  const allowed = allowedCommands.get(name);
  if (allowed === undefined) return "ERR Unknown Redis command called from script";
  if (allowed.inScripts === false) return "ERR This Redis command is not allowed from script";
  return refuseCommand(name, argumentCount) === undefined
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
      switch (at(args, 0).toUpperCase()) {
        case "LOAD":
          return bytesReply(scripts.load(at(args, 1)));
        case "EXISTS":
          return array(args.slice(1).map((sha) => integer(scripts.has(sha) ? 1 : 0)));
        case "FLUSH":
          scripts.forgetAll();
          return ok;
        default:
          throw syntaxError();
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
