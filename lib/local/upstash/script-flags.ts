/**
 * Owns the first line by which a script asks for something of Upstash, `#!lua flags=allow-key-locking,no-writes`: reading
 * it, what each flag forbids the script, and the words in which that is refused. Plain Redis refuses
 * `allow-key-locking` and no Lua knows such a line, so no engine ever sees it. Pure.
 * Fails closed: a flag that Upstash does not document (upstash.com/docs/redis/features/key-locking, August 2026) is an
 * error, in the words of Redis 7 (observed with 7.0.15).
 */
import { type AllowedCommand, keysNamed } from "./allowed-commands";
import { type Bytes, textFromBytes } from "./bytes";

export interface ScriptFlags {
  /** Every key that the script touches must stand in KEYS, and none may be the whole database. */
  readonly isKeyLocking: boolean;
  readonly isReadOnly: boolean;
}

export type ReadScript =
  /** `lua`: the same lines, the first one emptied where it held flags. */
  | { readonly kind: "script"; readonly lua: Bytes; readonly flags: ScriptFlags }
  | { readonly kind: "refused"; readonly error: string };

const noFlags: ScriptFlags = { isKeyLocking: false, isReadOnly: false };

export function readScript(source: Bytes): ReadScript {
  if (!source.startsWith("#!")) return { kind: "script", lua: source, flags: noFlags };
  const lineEnd = source.indexOf("\n");
  if (lineEnd < 0) return refused("ERR Invalid script shebang");
  const [language = "", ...options] = source.slice(0, lineEnd).trim().split(/\s+/);
  if (language !== "#!lua") return refused(`ERR Unexpected engine in script shebang: ${language}`);

  let flags = noFlags;
  for (const option of options) {
    const names = /^flags=(.*)$/.exec(option)?.[1];
    if (names === undefined) return refused(`ERR Unknown lua shebang option: ${option}`);
    for (const name of names.split(",").filter((each) => each !== "")) {
      const asked = knownFlags.get(name);
      if (asked === undefined) return refused(`ERR Unexpected flag in script shebang: ${name}`);
      flags = { ...flags, ...asked };
    }
  }
  return { kind: "script", lua: source.slice(lineEnd), flags };
}

const knownFlags: ReadonlyMap<string, Partial<ScriptFlags>> = new Map([
  ["allow-key-locking", { isKeyLocking: true }],
  ["no-writes", { isReadOnly: true }],
]);

const refused = (error: string): ReadScript => ({ kind: "refused", error });

export const readOnlyError = "ERR Write commands are not allowed from read-only scripts.";

/** The key's name follows. Upstash's own words. */
export const undeclaredKeyError =
  "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: ";

/** Documented as refused, without the words. */
export const wholeDatabaseError =
  "ERR a script with the 'allow-key-locking' flag cannot call what needs the whole database";

/** What the script's own flags say against a command that it calls; undefined when nothing. */
export function refuseByFlags(
  { isKeyLocking, isReadOnly }: ScriptFlags,
  declaredKeys: ReadonlySet<Bytes>,
  name: string,
  allowed: AllowedCommand | undefined,
  args: readonly Bytes[],
): string | undefined {
  if (allowed === undefined) return undefined;
  if (isReadOnly && allowed.writes) return readOnlyError;
  if (!isKeyLocking) return undefined;
  if (name === "FLUSHDB") return wholeDatabaseError;
  const undeclared = keysNamed(allowed, args).find((key) => !declaredKeys.has(key));
  return undeclared === undefined ? undefined : `${undeclaredKeyError}${textFromBytes(undeclared)}`;
}
