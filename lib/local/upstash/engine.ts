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
  /**
   * How everything is now, so that it can be so again. To be released when it is no longer wanted; void once the engine
   * has gone back to an earlier one or has lost everything.
   */
  mark(): Promise<StateMark>;
  /** Forgets every key and every cached script. @throws when the database may not be emptied, with the reason. */
  loseEverything(): Promise<void>;
  stop(): Promise<void>;
}

export interface StateMark {
  /** Whether any key has another value or expiry than at the mark, or came, or went other than by expiring. */
  hasChanged(): Promise<boolean>;
  /** Every key as it was, with its expiry as an instant: what has expired since stays away. Cached scripts stay. */
  restore(): Promise<void>;
  release(): void;
}
