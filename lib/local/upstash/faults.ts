/**
 * Owns what can go wrong between a client and its database, as types, and the names by which a rule says where. It must
 * never do any of it: that is the database's.
 */
import { createHash } from "node:crypto";
import type { Delay, ErrorBefore, FaultStatus } from "@/lib/local/faults/shared-kinds";
import { bytesFromText } from "./bytes";
import type { Command } from "./engine";

export type UpstashFault =
  /** Before the effect, which comes all the same when the client has given up meanwhile: what is sent is on its way. */
  | Delay
  | ErrorBefore
  | { readonly kind: "drop-before" }
  /** The effect happens and is not told of. */
  | { readonly kind: "error-after"; readonly status: FaultStatus }
  | { readonly kind: "drop-after" }
  /** Before the call, as a replica that took over would have it: the last `writes` acknowledged ones are gone. */
  | { readonly kind: "roll-back"; readonly writes: number }
  /** Before the call: no keys, no cached scripts. */
  | { readonly kind: "lose-everything" };

/** A script as `lib/redis` has it. */
export interface NamedScript {
  readonly name: string;
  readonly lua: string;
}

/**
 * How a rule names a call: the command's name in capitals, or `script:<name>` for EVAL and EVALSHA of a known script and
 * `script:<SHA-1>` for any other. An EVALSHA that ends in NOSCRIPT is a call of that script too.
 */
export function siteNames(scripts: readonly NamedScript[]): (command: Command) => string {
  const sha1 = (bytes: string) => createHash("sha1").update(bytes, "latin1").digest("hex");
  const names = new Map(scripts.map(({ name, lua }) => [sha1(bytesFromText(lua)), name]));
  return ([name, first = ""]) => {
    if (name !== "EVAL" && name !== "EVALSHA") return name;
    const sha = name === "EVAL" ? sha1(first) : first.toLowerCase();
    return `script:${names.get(sha) ?? sha}`;
  };
}
