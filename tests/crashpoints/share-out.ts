/**
 * Owns sharing cases out among processes, one for each core, in small portions, so that no core is idle at the end. It
 * must never lose a portion: a process that ends without an answer is an error.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { bundle } from "@/tests/support/bundle";
import type { Outcome } from "./play-cases";

const PORTION = 10;

export interface Players {
  /** In no order. */
  play(cases: readonly string[], told: (outcome: Outcome) => void): Promise<void>;
  end(): void;
}

export async function startPlayers(): Promise<Players> {
  const file = await bundle(new URL("./play-cases.ts", import.meta.url), "play-cases");
  const children = Array.from({ length: availableParallelism() }, () => fork(file, { execArgv: [] }));
  return {
    async play(cases, told) {
      const left = [...cases];
      const work = async (child: ChildProcess): Promise<void> => {
        while (left.length > 0)
          for (const outcome of await ask(child, left.splice(0, PORTION))) told(outcome);
      };
      await Promise.all(children.map(work));
    },
    end: () => {
      for (const child of children) child.kill();
    },
  };
}

function ask(child: ChildProcess, cases: readonly string[]): Promise<readonly Outcome[]> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`a process ended with ${code} before it answered`));
    child.once("exit", ended);
    child.once("message", (outcomes: readonly Outcome[]) => {
      child.off("exit", ended);
      resolve(outcomes);
    });
    child.send([...cases]);
  });
}
