/**
 * Owns the Lua that stands before a script on a real Redis and holds it to what the server itself does not know: the
 * flags that only Upstash has, and, on a server whose users are not ours to make, the list of allowed commands. It is one
 * line, which takes the place of the line with the flags, so that the script's own lines keep their numbers; the name
 * `redis` means the guard from there on. It keeps honest scripts honest: who asks for `_G.redis` gets past it.
 * What it costs: an error of a command names the guard's line first and the script's after it. Pure.
 */
import { allowedCommands } from "../allowed-commands";
import type { Bytes } from "../bytes";
import { readOnlyError, type ScriptFlags, undeclaredKeyError, wholeDatabaseError } from "../script-flags";

export interface Guard {
  readonly flags: ScriptFlags;
  /** True when the user that runs the script may run the allowed commands and no other. */
  readonly doesServerKnowList: boolean;
}

/** The script as it is when nothing needs guarding. */
export function guardedScript(lua: Bytes, { flags, doesServerKnowList }: Guard): Bytes {
  const isGuarded = flags.isKeyLocking || flags.isReadOnly || !doesServerKnowList;
  return isGuarded ? `${guardSource(flags, !doesServerKnowList)}${lua}` : lua;
}

function guardSource({ isKeyLocking, isReadOnly }: ScriptFlags, isListed: boolean): string {
  return `local redis = (function(redis, declared)
    local keysOf, writes = { ${fields(keyArguments)} }, { ${fields(writingCommands)} }
    local isDeclared = {}
    for _, key in ipairs(declared) do isDeclared[key] = true end
    local function refusal(name, ...)
      name = string.upper(tostring(name))
      if ${isListed} and not keysOf[name] then return 'ERR This Redis command is not allowed from script' end
      if ${isReadOnly} and writes[name] then return '${readOnlyError}' end
      if ${isKeyLocking} and name == 'FLUSHDB' then return "${wholeDatabaseError}" end
      if ${isListed} and name == 'FLUSHDB' then return 'ERR a script does not empty a Redis that was there before' end
      if not ${isKeyLocking} then return nil end
      for at = 1, select('#', ...) do
        local key = tostring((select(at, ...)))
        if (keysOf[name] == 'all' or (keysOf[name] == 'first' and at == 1)) and not isDeclared[key] then
          return "${undeclaredKeyError}" .. key
        end
      end
    end
    local function try(...)
      local problem = refusal(...)
      if problem then return { err = problem } end
      return redis.pcall(...)
    end
    local function call(...)
      local reply = try(...)
      if type(reply) ~= 'table' or not reply.err then return reply end
      local _, where = pcall(error, '', 3)
      error({ err = reply.err .. ' ' .. tostring(where) })
    end
    return setmetatable({ call = call, pcall = try }, { __index = redis })
  end)(redis, KEYS) `.replace(/\n\s*/g, " ");
}

const scriptable = [...allowedCommands].filter(([, { inScripts }]) => inScripts !== false);

const keyArguments = scriptable.map(([name, { keys }]) => [name, `'${keys ?? "first"}'`] as const);

const writingCommands = scriptable
  .filter(([, { writes }]) => writes)
  .map(([name]) => [name, "true"] as const);

const fields = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([name, value]) => `${name} = ${value}`).join(", ");
