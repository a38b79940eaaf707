/**
 * Owns a share of the contenders in a process of its own, as several servers of an app are; `crowd.ts` starts it and asks.
 * It must never claim unasked. Ends with what it cannot answer.
 */
import { z } from "zod";
import { type Crowd, crowdOf, turnSchema } from "./crowd";
import { openWays, placeSchema } from "./ways";

const beginSchema = z.object({ place: placeSchema, from: z.number(), to: z.number() });
const roundSchema = z.object({ round: z.number(), turn: turnSchema });

let crowd: Crowd | undefined;

async function answer(message: unknown): Promise<unknown> {
  if (!crowd) {
    const { place, from, to } = beginSchema.parse(message);
    const ways = openWays(place);
    crowd = crowdOf(
      Array.from({ length: to - from }, (_, index) => ways.storeOf(from + index)),
      from,
    );
    return "begun";
  }
  const { round, turn } = roundSchema.parse(message);
  return crowd(round, turn);
}

process.on("message", (message: unknown) => {
  answer(message).then(
    (answered) => process.send?.(answered),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
