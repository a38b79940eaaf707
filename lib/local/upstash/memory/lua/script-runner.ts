/**
 * Owns running Lua scripts in-process: compiled to JavaScript, known by SHA-1, with the `redis` and `cjson` tables. A
 * script runs to its end synchronously, so nothing happens in between. There is neither `os`, `io`, `require` nor a way
 * to anything of JavaScript: a script has Lua's own values, and reaches the keys and nothing else of this machine.
 * Fails closed, with Redis's error texts. A script that never ends blocks the process, as it blocks a Redis.
 */
import { createHash } from "node:crypto";
import type { Bytes } from "../../bytes";
import { errorReply, type Reply } from "../../reply";
import { readScript, type ScriptFlags } from "../../script-flags";
import { CommandError } from "../command-error";
import { type CompiledScript, compileScript } from "./compile-script";
import { asLuaError, type LuaError } from "./lua-errors";
import { replyOfLua } from "./lua-replies";
import { LuaTable } from "./lua-table";
import { first } from "./lua-values";
import { handIn, openGlobals } from "./script-globals";

/** What the script that runs now may touch. */
export interface RunningScript {
  readonly flags: ScriptFlags;
  readonly declaredKeys: ReadonlySet<Bytes>;
}

interface CachedScript {
  readonly compiled: CompiledScript;
  readonly flags: ScriptFlags;
}

export interface ScriptRunner {
  /** The SHA-1 under which `run` finds it. @throws CommandError when it does not compile. */
  load(source: Bytes): string;
  has(sha: string): boolean;
  /** @throws CommandError NOSCRIPT when it was not loaded. */
  run(sha: string, keys: readonly Bytes[], args: readonly Bytes[]): Reply;
  forgetAll(): void;
}

const nothingDeclared: ReadonlySet<Bytes> = new Set();

/** `callCommand` is what `redis.call` does; it answers error replies and does not throw. */
export function createScriptRunner(
  callCommand: (command: readonly Bytes[], script: RunningScript) => Reply,
): ScriptRunner {
  // Until the first script runs, nothing calls.
  let running: RunningScript = {
    flags: { isKeyLocking: true, isReadOnly: true },
    declaredKeys: nothingDeclared,
  };
  const globals = openGlobals((command) => callCommand(command, running));
  const cached = new Map<string, CachedScript>();
  /** By source, of those that are cached: a long text is not hashed at each EVAL. */
  const shaOf = new Map<Bytes, string>();

  return {
    load(source) {
      const known = shaOf.get(source);
      if (known !== undefined) return known;
      const sha = createHash("sha1").update(source, "latin1").digest("hex");
      const script = readScript(source);
      if (script.kind === "refused") throw new CommandError(script.error);
      cached.set(sha, { compiled: compileScript(script.lua), flags: script.flags });
      shaOf.set(source, sha);
      return sha;
    },

    has: (sha) => cached.has(sha.toLowerCase()),

    run(sha, keys, args) {
      const script = cached.get(sha) ?? cached.get(sha.toLowerCase());
      if (script === undefined) throw new CommandError("NOSCRIPT No matching script. Please use EVAL.");
      // Only such a script is asked what it declared.
      const declaredKeys = script.flags.isKeyLocking ? new Set(keys) : nothingDeclared;
      running = { flags: script.flags, declaredKeys };
      handIn(globals, keys, args);
      try {
        return replyOfLua(first(script.compiled(globals)));
      } catch (error) {
        const raised = asLuaError(error);
        if (raised === undefined) throw error;
        return raisedError(raised, sha);
      }
    },

    forgetAll() {
      cached.clear();
      shaOf.clear();
    },
  };
}

/** As Redis 7 words an error that a script did not catch: its text, the script and the line. */
function raisedError({ value, line }: LuaError, sha: string): Reply {
  const where = `script: ${sha}, on @user_script:${line}.`;
  if (value instanceof LuaTable) {
    const text = value.named("err");
    return errorReply(`${typeof text === "string" ? text : "ERR unknown error"} ${where}`);
  }
  if (typeof value === "string" || typeof value === "boolean") return errorReply(`ERR ${value} ${where}`);
  return errorReply(`ERR ${value === undefined ? "nil" : "unknown error"} ${where}`);
}
