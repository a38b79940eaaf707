/**
 * Owns one database as its clients know it, without the wire: requests in, and what becomes of each of them, on any
 * engine. Here stand the list of allowed commands, the faults of the plan and the counts, so that a simulation without
 * sockets meets what the REST front meets. It must never run a command that is not listed, nor one that a fault stands
 * before. Rejects only when the engine is gone or a fault cannot be had.
 */
import { type Clock, sleep } from "@/lib/clock";
import type { FaultPlan } from "@/lib/local/faults/fault-plan";
import { delayMsOf, type FaultStatus } from "@/lib/local/faults/shared-kinds";
import { allowedCommands, isScriptCall, refuseCommand } from "./allowed-commands";
import type { Command, RedisEngine } from "./engine";
import { type NamedScript, siteNames, type UpstashFault } from "./faults";
import { errorReply, type Reply } from "./reply";
import { WriteJournal } from "./write-journal";

/** In a pipeline each command stands for itself, faults included; a transaction is one. */
export interface DatabaseRequest {
  readonly kind: "pipeline" | "transaction";
  readonly commands: readonly Command[];
}

export type Outcome =
  | { readonly kind: "answered"; readonly replies: readonly Reply[] }
  /** A transaction with a command that may not run; nothing ran. */
  | { readonly kind: "aborted" }
  | Lost;

/** What the client gets instead of an answer; whether anything ran, it cannot tell. */
type Lost =
  | { readonly kind: "failed"; readonly status: FaultStatus; readonly retryAfterSeconds?: number | undefined }
  | { readonly kind: "dropped" };

export interface Database {
  ask(request: DatabaseRequest): Promise<Outcome>;
  /** Commands received since the start, by upper-case name; not those that scripts call. */
  commandCounts(): Record<string, number>;
  rollBackWrites(count: number): Promise<number>;
  loseEverything(): Promise<void>;
}

export interface DatabaseOptions {
  readonly engine: RedisEngine;
  /** Of the delays. */
  readonly clock: Clock;
  readonly faults: FaultPlan<UpstashFault>;
  /** How many acknowledged writes can be rolled back. Default: none. */
  readonly keptWrites?: number | undefined;
  /** Whose names rules may use. */
  readonly scripts?: readonly NamedScript[] | undefined;
}

export function createDatabase(options: DatabaseOptions): Database {
  const { engine, clock, faults, keptWrites = 0, scripts = [] } = options;
  const journal = new WriteJournal(engine, keptWrites);
  const counts = new Map<string, number>();
  const siteOf = siteNames(scripts);

  /** What stands before the commands happens; what stands after them is answered, for later. */
  async function meetFaults(commands: readonly Command[]): Promise<{ before?: Lost; after?: Lost }> {
    let after: { after?: Lost } = {};
    for (const { fault, fraction } of commands.flatMap((each) => faults.next({ site: siteOf(each) }))) {
      switch (fault.kind) {
        case "delay":
          await sleep(clock, delayMsOf(fault, fraction));
          break;
        case "roll-back":
          await journal.rollBack(fault.writes);
          break;
        case "lose-everything":
          await journal.loseEverything();
          break;
        case "error-before":
          return { before: { ...fault, kind: "failed" } };
        case "drop-before":
          return { before: { kind: "dropped" } };
        case "error-after":
          after = { after: { ...fault, kind: "failed" } };
          break;
        case "drop-after":
          after = { after: { kind: "dropped" } };
      }
    }
    return after;
  }

  async function runUnderFaults(
    commands: readonly Command[],
    work: () => Promise<readonly Reply[]>,
  ): Promise<Outcome> {
    const { before, after } = await meetFaults(commands);
    if (before !== undefined) return before;
    const replies = commands.some(mayWrite) ? await journal.record(after === undefined, work) : await work();
    return after ?? { kind: "answered", replies };
  }

  async function runPipeline(commands: readonly Command[]): Promise<Outcome> {
    const replies: Reply[] = [];
    for (const command of commands) {
      const outcome = await runUnderFaults([command], async () => [await executeAllowed(engine, command)]);
      if (outcome.kind !== "answered") return outcome;
      replies.push(...outcome.replies);
    }
    return { kind: "answered", replies };
  }

  return {
    async ask({ kind, commands }) {
      for (const [name] of commands) {
        if (allowedCommands.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      if (kind === "pipeline") return runPipeline(commands);
      if (commands.some((command) => refusalOf(command) !== undefined)) return { kind: "aborted" };
      return runUnderFaults(commands, () => engine.executeAtomically(commands));
    },
    commandCounts: () => Object.fromEntries(counts),
    rollBackWrites: (count) => journal.rollBack(count),
    loseEverything: () => journal.loseEverything(),
  };
}

const refusalOf = ([name, ...args]: Command): string | undefined => refuseCommand(name, args.length);

const mayWrite = ([name]: Command): boolean =>
  isScriptCall(name) || allowedCommands.get(name)?.writes === true;

async function executeAllowed(engine: RedisEngine, command: Command): Promise<Reply> {
  const refusal = refusalOf(command);
  return refusal === undefined ? engine.execute(command) : errorReply(refusal);
}
