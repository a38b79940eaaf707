/**
 * Owns what the REST front asks of an engine, so that a real Redis and the in-process one are interchangeable.
 * Commands arrive checked against the list of allowed ones. A command that fails answers an error reply; a promise
 * that rejects means that the engine itself is gone.
 */
import type { Bytes } from "./bytes";
import type { Reply } from "./reply";

/** Name first, upper-case, then the arguments. */
export type Command = readonly [string, ...Bytes[]];

export interface RedisEngine {
  readonly kind: "redis-server" | "in-process";
  readonly version?: string;
  execute(command: Command): Promise<Reply>;
  /** One reply per command; no other command runs in between. */
  executeAtomically(commands: readonly Command[]): Promise<readonly Reply[]>;
  /** Forgets every key and every cached script. */
  loseEverything(): Promise<void>;
  stop(): Promise<void>;
}
