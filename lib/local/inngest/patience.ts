/**
 * Owns how long a simulation waits for real work before it takes the work to be waiting for the simulation itself:
 * turns of the event loop, not a span of real time, because a busy machine makes turns longer, not more. Cannot fail.
 */

/** Resolves when `work` has settled, or after that many turns of the event loop, each a millisecond or more. */
export async function settledWithin(work: Promise<unknown>, turns: number): Promise<void> {
  let isSettled = false;
  const note = () => {
    isSettled = true;
  };
  const noted = work.then(note, note);
  for (let turn = 0; turn < turns && !isSettled; turn += 1)
    await Promise.race([noted, new Promise((resolve) => setTimeout(resolve, 1))]);
}
