/**
 * Owns the order of calls in a simulation that has to be repeatable: one reaches the app after the other, in the order
 * in which the engine made them. Calls at once would answer in an order that the machine decides, above all signed ones,
 * whose signatures are made on other threads. A call that does not end, because it waits for a later one, does not hold
 * the others up for long. It must never be used where calls at once are what is looked at. Fails as its transport does.
 */
import { settledWithin } from "./patience";
import type { Transport } from "./transport";

const PATIENCE_TURNS = 50;

/** The transport, one request at a time. */
export function takingTurns(transport: Transport): Transport {
  let previous: Promise<unknown> = Promise.resolve();
  return (request) => {
    const before = previous;
    const answer = settledWithin(before, PATIENCE_TURNS).then(() => transport(request));
    previous = answer;
    return answer;
  };
}
