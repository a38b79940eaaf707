/**
 * Owns one process that plays the cases it is given and answers with what came of each: `crashpoints.ts` starts as many as
 * there are cores. It must never print.
 */
import { z } from "zod";
import { lifeNamed } from "./lives";
import { caseOf } from "./planned";
import { playCase } from "./play-case";

export interface Outcome {
  readonly text: string;
  readonly violations: readonly string[];
  /** How many calls were counted of each that is under test, by its name. */
  readonly calls: Readonly<Record<string, number>>;
}

process.on("message", (message) => {
  void playAll(z.array(z.string()).parse(message)).then((outcomes) => process.send?.(outcomes));
});

// Nobody waits for its answers any more.
process.on("disconnect", () => process.exit());

async function playAll(texts: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const text of texts) outcomes.push(await play(text));
  return outcomes;
}

async function play(text: string): Promise<Outcome> {
  const { life, faults } = caseOf(text);
  try {
    const { violations, calls, befallen } = await playCase(lifeNamed(life), faults);
    const counts: Record<string, number> = {};
    for (const { of } of calls) counts[of] = (counts[of] ?? 0) + 1;
    // What was counted in one run of a life is there in the next, or a case would pass without its fault.
    const missed = befallen === faults.length ? [] : ["it had no call for each of the faults"];
    return { text, violations: [...violations, ...missed], calls: counts };
  } catch (error) {
    const what = error instanceof Error ? String(error.stack) : String(error);
    return { text, violations: [`threw: ${what}`], calls: {} };
  }
}
