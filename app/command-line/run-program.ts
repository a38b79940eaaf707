/**
 * Owns what becomes of one call of the command line: arguments understood, one act, its answer for people on standard
 * output under the banner of the switches that are on, or with `--json` as exactly one document there. Exit codes: 0
 * answered, 1 failed or refused, 2 used wrongly; nothing is started before the arguments are understood.
 */
import { CommanderError } from "commander";
import { RekindleError } from "@/lib/errors";
import type { Operator } from "@/lib/operate/operator";
import { type Answer, type Failure, failed } from "./answer";
import type { Given } from "./commands";
import { type Act, programOf } from "./program";
import { bannerText, plain } from "./render";
import type { Terminal } from "./terminal";

export interface Surroundings {
  readonly terminal: Terminal;
  /** Made when the arguments are understood. @throws ConfigurationError */
  operator(): Promise<Operator>;
  /** Who turns a switch or suspends, when nothing else is said. */
  readonly userName: string;
}

const ANSWERED = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** Answers the exit code. `args` are those after the program's own name. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<number> {
  const isJson = args.includes("--json");
  const chosen = choose(args, around, isJson);
  switch (chosen.kind) {
    case "help":
      return ANSWERED;
    case "wrong":
      if (isJson) printFailure(around.terminal, failed("wrong-usage", chosen.message), isJson);
      return WRONG_USAGE;
    case "act":
      return perform(chosen.act, around, isJson);
  }
}

type Chosen =
  | { readonly kind: "act"; readonly act: Act }
  /** Told already, by the library; as a document it is still to be told. */
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

function choose(args: readonly string[], { terminal, userName }: Surroundings, isJson: boolean): Chosen {
  const acts: Act[] = [];
  const program = programOf(userName, (act) => acts.push(act), {
    writeOut: (text) => terminal.out(text),
    writeErr: (text) => (isJson ? undefined : terminal.err(text)),
  });
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help" };
    return { kind: "wrong", message: error.message.replace(/^error: /, "") };
  }
  const [act] = acts;
  return act ? { kind: "act", act } : { kind: "wrong", message: "no command was named" };
}

async function perform(act: Act, { terminal, operator }: Surroundings, isJson: boolean): Promise<number> {
  const { colors } = terminal;
  let progress: ReturnType<Terminal["showProgress"]> | undefined;
  const told: Given["told"] = (each) => {
    progress ??= terminal.showProgress("Working");
    progress.tell(each);
  };
  const answer = await orFailed(async () => {
    const made = await operator();
    const { switches, now } = await made.fleet();
    const answer = await act({ operator: made, colors, asker: terminal, told });
    // As they stand after it: a switch that was just turned back is not said to be on.
    const on = answer.kind === "answered" ? (answer.switches ?? switches) : switches;
    if (!isJson) terminal.out(bannerText(on, now, colors));
    return answer.kind === "answered" ? { ...answer, switches: on } : answer;
  });
  progress?.end();
  if (answer.kind === "failed") return printFailure(terminal, answer, isJson);
  const { json, text, switches } = answer;
  terminal.out(isJson ? `${JSON.stringify({ switches, ...json })}\n` : text);
  return ANSWERED;
}

async function orFailed(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RekindleError) return failed(error.code, error.message);
    // A fault of ours: its name says more to whoever reports it than a sentence.
    return failed("unexpected", error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

function printFailure(terminal: Terminal, { code, message, json }: Failure, isJson: boolean): number {
  if (isJson) terminal.out(`${JSON.stringify({ error: { code, message }, ...json })}\n`);
  else terminal.err(`${terminal.colors.red(plain(message))}\n`);
  return FAILED;
}
