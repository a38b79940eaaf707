/**
 * Owns one process that plays the seeds it is given and answers with their totals: `sim.ts` starts as many as there are
 * cores, from a bundle in which a mutant may be. It must never print.
 */
import { z } from "zod";
import { runSeed } from "./run-seed";
import { addSeed, noTotals } from "./totals";

const askedSchema = z.object({
  layer: z.union([z.literal(1), z.literal(2)]),
  seeds: z.array(z.number()),
  /** Whoever looks for one violation wants no more. */
  untilFirst: z.boolean(),
  /** Each seed is played twice, and its two traces must be one. */
  isTwice: z.boolean(),
});
export type Asked = z.infer<typeof askedSchema>;

process.on("message", (message) => {
  void play(askedSchema.parse(message)).then((totals) => process.send?.(totals));
});

async function play({ layer, seeds, untilFirst, isTwice }: Asked) {
  const totals = noTotals();
  for (const seed of seeds) {
    const result = await runSeed(seed, { layer });
    addSeed(totals, result);
    if (isTwice) {
      const again = await runSeed(seed, { layer });
      if (again.hash !== result.hash)
        totals.failed.push({
          seed,
          profile: result.profile,
          rule: "determinism",
          what: `played twice it was ${result.hash} and ${again.hash}`,
        });
    }
    if (untilFirst && totals.failed.length > 0) break;
  }
  return totals;
}
