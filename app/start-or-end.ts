/**
 * Owns the end of a start that must be refused: one sentence on standard error, exit code 1. Next would print a stack
 * and, for some hooks, go on serving; a person needs the sentence alone. Fails closed.
 */
import { theApp } from "./rekindle";

export function startOrEnd(): void {
  try {
    theApp();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : "Rekindle cannot start."}\n`);
    process.exit(1);
  }
}
