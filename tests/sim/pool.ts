/**
 * Owns sharing seeds out among processes, one for each core, in small portions, so that no core is idle at the end. It
 * must never lose a portion: a process that ends without an answer is an error.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { bundle } from "@/tests/support/bundle";
import type { Mutant } from "./mutants/change";
import { editsOf } from "./mutants/edits";
import type { Asked } from "./play-seeds";
import { addTotals, noTotals, type Totals } from "./totals";

export interface PoolOptions {
  readonly layer: 1 | 2;
  readonly seeds: readonly number[];
  readonly untilFirst?: boolean;
  readonly isTwice?: boolean;
  /** Played in the place of what ships. */
  readonly mutant?: Mutant;
  readonly processes?: number;
  readonly told?: (soFar: Totals) => void;
}

const PORTION = { 1: 25, 2: 5 } as const;

export async function playAll(options: PoolOptions): Promise<Totals> {
  const { layer, untilFirst = false, isTwice = false, told } = options;
  const totals = noTotals();
  const left = [...options.seeds];
  const count = Math.min(
    options.processes ?? availableParallelism(),
    Math.ceil(left.length / PORTION[layer]),
  );
  const { mutant } = options;
  const player = await bundle(
    new URL("./play-seeds.ts", import.meta.url),
    mutant?.name ?? "play-seeds",
    mutant ? [editsOf(mutant)] : [],
  );
  const work = async (): Promise<void> => {
    // Without this process's own flags: a bundle needs no loader, and a loader would compile it once more.
    const child = fork(player, { execArgv: [] });
    try {
      while (left.length > 0 && !(untilFirst && totals.failed.length > 0)) {
        const seeds = left.splice(0, PORTION[layer]);
        addTotals(totals, await ask(child, { layer, seeds, untilFirst, isTwice }));
        told?.(totals);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: count }, work));
  return totals;
}

function ask(child: ChildProcess, asked: Asked): Promise<Totals> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`a process ended with ${code} before it answered`));
    child.once("exit", ended);
    child.once("message", (totals: Totals) => {
      child.off("exit", ended);
      resolve(totals);
    });
    child.send(asked);
  });
}
