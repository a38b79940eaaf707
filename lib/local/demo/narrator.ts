/**
 * Owns what the demo prints: a timeline for people, or one JSON object a line. It must never decide what is true; the
 * verdicts come from `judge`. Cannot fail.
 */
import colors from "picocolors";
import type { Check, Evidence } from "./evidence";

export interface Narrator {
  /** A step of the story, with what was seen. */
  tell(step: string, sentence: string, facts?: Readonly<Record<string, unknown>>): void;
  conclude(evidence: Partial<Evidence>, checks: readonly Check[], ok: boolean): void;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`;

export function humanNarrator(startedAt: number, now: () => number): Narrator {
  return {
    tell(step, sentence) {
      const time = colors.dim(seconds(now() - startedAt));
      process.stdout.write(`${time}  ${colors.bold(step.padEnd(9))} ${sentence}\n`);
    },
    conclude(evidence, checks, ok) {
      process.stdout.write("\n");
      for (const { name, holds } of checks) {
        process.stdout.write(`  ${holds ? colors.green("✓") : colors.red("✗")} ${name}\n`);
      }
      const calls = Object.entries(evidence.providerCalls ?? {})
        .map(([kind, count]) => `${kind} ${count}`)
        .join(", ");
      process.stdout.write(`\n  provider calls: ${calls}\n`);
      const verdict = ok ? colors.green("ok") : colors.red("not ok: a step did not happen");
      process.stdout.write(`  ${verdict}, in ${seconds(now() - startedAt).trim()}\n`);
    },
  };
}

export function jsonNarrator(startedAt: number, now: () => number): Narrator {
  const line = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    tell: (step, sentence, facts) => line({ atMs: now() - startedAt, step, sentence, ...facts }),
    conclude: (evidence, checks, ok) => line({ ok, tookMs: now() - startedAt, checks, evidence }),
  };
}
