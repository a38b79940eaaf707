/**
 * Owns asking before something is destroyed. Fails closed: where nobody can answer, only `--yes` says it; no answer, and
 * Ctrl-C, are a no.
 */
import { confirm } from "@clack/prompts";
import { type Answer, failed } from "./answer";

export interface Asker {
  readonly isInteractive: boolean;
  ask(question: string): Promise<boolean>;
}

/** Undefined when it may be done; else the answer that says why not. */
export async function refusal(asker: Asker, question: string, isYes: boolean): Promise<Answer | undefined> {
  if (isYes) return undefined;
  if (!asker.isInteractive) {
    return failed("not-confirmed", `${question} Nobody can be asked here: say it with --yes.`);
  }
  return (await asker.ask(question)) ? undefined : failed("not-confirmed", "Nothing was done.");
}

/** On standard error, so that standard output carries the answer alone. Enter alone is a no. */
export async function askPerson(question: string): Promise<boolean> {
  return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true;
}
