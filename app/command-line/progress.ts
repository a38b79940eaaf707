/**
 * Owns showing how far long work has come: one line on standard error that is written over, and nothing where nobody
 * watches. Fails open: the work goes on whatever becomes of the line.
 */
import { spinner } from "@clack/prompts";
import type { Progress } from "@/lib/operate/operator";

export interface ShownProgress {
  tell(progress: Progress): void;
  /** Takes the line away. */
  end(): void;
}

/** What a shell expects of a command that Ctrl-C has ended; the library ends the process with 0. */
const INTERRUPTED = 130;

export function showProgress(what: string, isWatched: boolean): ShownProgress {
  if (!isWatched) return { tell: () => undefined, end: () => undefined };
  const line = spinner({ output: process.stderr, indicator: "timer" });
  const sayInterrupted = () => {
    process.exitCode = INTERRUPTED;
  };
  // Whoever ends the process while the line is shown has not let the work end.
  process.once("exit", sayInterrupted);
  line.start(what);
  return {
    tell: (progress) => line.message(`${what}: ${progressText(progress)}`),
    end() {
      process.removeListener("exit", sayInterrupted);
      line.clear();
    },
  };
}

export const progressText = ({ done, total, what }: Progress): string =>
  `${done}${total === undefined ? "" : ` of ${total}`} ${what}`;
