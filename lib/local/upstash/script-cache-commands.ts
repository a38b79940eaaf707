/**
 * Owns reading `SCRIPT …`, of which Upstash documents LOAD, EXISTS and FLUSH for what a script cache is (and KILL, for
 * scripts that do not end). Pure. Fails closed, in Redis's words.
 */
import type { Bytes } from "./bytes";

export type ScriptCacheCommand =
  | { readonly kind: "load"; readonly source: Bytes }
  | { readonly kind: "exists"; readonly shas: readonly string[] }
  | { readonly kind: "flush" }
  | { readonly kind: "refused"; readonly error: string };

/** `args`: what follows SCRIPT. */
export function readScriptCacheCommand(args: readonly Bytes[]): ScriptCacheCommand {
  const [subcommand = "", ...rest] = args;
  const [first] = rest;
  switch (subcommand.toUpperCase()) {
    case "LOAD":
      return rest.length === 1 && first !== undefined
        ? { kind: "load", source: first }
        : wrongCount("script|load");
    case "EXISTS":
      return first === undefined
        ? wrongCount("script|exists")
        : { kind: "exists", shas: rest.map((sha) => sha.toLowerCase()) };
    case "FLUSH":
      return rest.length === 0 || (rest.length === 1 && /^a?sync$/i.test(first ?? ""))
        ? { kind: "flush" }
        : { kind: "refused", error: "ERR SCRIPT FLUSH only support SYNC|ASYNC option" };
    default:
      return { kind: "refused", error: `ERR unknown subcommand '${subcommand}'. Try SCRIPT HELP.` };
  }
}

const wrongCount = (name: string): ScriptCacheCommand => ({
  kind: "refused",
  error: `ERR wrong number of arguments for '${name}' command`,
});
