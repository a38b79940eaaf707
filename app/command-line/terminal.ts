/**
 * Owns what a command has around it: where it writes, whether a person can answer, and its colours. Standard output
 * carries the answer and nothing else; what is only for whoever watches goes to standard error.
 */
import colors from "picocolors";
import { askPerson } from "./confirm";
import { type ShownProgress, showProgress } from "./progress";

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A person sees standard error and can answer on standard input. */
  readonly isInteractive: boolean;
  readonly colors: Pick<typeof colors, "bold" | "dim" | "red" | "yellow" | "isColorSupported">;
  /** Only where it is interactive. */
  ask(question: string): Promise<boolean>;
  showProgress(what: string): ShownProgress;
}

export const processTerminal = (): Terminal => ({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isInteractive: Boolean(process.stdin.isTTY && process.stderr.isTTY),
  // By standard output: in a file or a pipe there are none.
  colors: process.stdout.isTTY ? colors : { ...colors.createColors(false) },
  ask: askPerson,
  showProgress: (what) => showProgress(what, Boolean(process.stderr.isTTY)),
});
