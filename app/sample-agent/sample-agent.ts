/**
 * Owns the sample agent: edits in a live sandbox, one after another with a rest in between, as a product's agent would
 * make them under `withSandbox`. It must never go on once its signal has fired: it stops between two edits, and goes on
 * with the next one when it is called again in the next run. Fails closed: an edit that fails ends the work.
 */
import type { Clock } from "@/lib/clock";
import type { Edit } from "./counter-edits";

/** What the agent needs of a loan; Rekindle's `Lent` is one. */
export interface Desk {
  readonly sandbox: {
    readonly files: {
      read(path: string): Promise<string>;
      write(path: string, text: string): Promise<unknown>;
    };
  };
  readonly signal: AbortSignal;
}

export interface AgentTask {
  readonly clock: Clock;
  readonly edits: readonly Edit[];
  readonly editEveryMs: number;
}

/**
 * Work for `withSandbox`: resolves when the last edit is made, over however many calls. Rejects with the signal's reason
 * when that fires before. No edit is made twice.
 */
export function sampleAgent({ clock, edits, editEveryMs }: AgentTask): (desk: Desk) => Promise<void> {
  // Outlives a call, which is all that the next run needs.
  const left = [...edits];
  return async ({ sandbox: { files }, signal }) => {
    for (;;) {
      const [next] = left;
      if (next === undefined) return;
      signal.throwIfAborted();
      await files.write(next.path, next.change(await files.read(next.path)));
      left.shift();
      if (left.length > 0) await rest(clock, editEveryMs, signal);
    }
  };
}

function rest(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(durationMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
