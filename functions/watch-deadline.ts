/**
 * Owns how a function watches over a deadline that signs of life keep moving: look, warn once for each deadline, sleep
 * until the next moment that matters, look again. It must never trust a time that it slept for. Fails open: a watch that
 * ends too early is the sweep's to mend. Step ids are stable: runs in flight meet newer code.
 */
import { z } from "zod";
import { previewCheckDue } from "@/inngest/events";
import type { Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { eventsOf, newsSchema, warningOf } from "./announce";
import { sleepMs } from "./flow";
import type { Act } from "./step-outcome";

export const lookedSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("later"),
    /** From the look on. */
    inMs: z.number().optional(),
    /** What older code answered instead: a time of the clock of the process that looked. */
    at: z.number().optional(),
    /** By Redis's: an end that is near enough to be told. */
    warnOf: z.number().optional(),
  }),
  z.object({ kind: z.literal("over"), result: z.string(), news: newsSchema }),
]);

export type Looked = z.infer<typeof lookedSchema>;

/** Nothing has to be done or told. */
export const over = (result: string): Looked => ({ kind: "over", result, news: { kind: "none" } });

interface WatchStep {
  sendEvent(id: string, events: unknown): Promise<unknown>;
  sleep(id: string, durationMs: number): Promise<void>;
}

export async function watchDeadline(
  runtime: Runtime,
  scope: Scope,
  { act, step, kind }: { readonly act: Act; readonly step: WatchStep; readonly kind: "idle" | "run-end" },
  look: (round: number) => Promise<Looked>,
): Promise<{ result: string }> {
  let warnedOf: number | undefined;
  for (let round = 0; ; round += 1) {
    const looked = await act(`look-${round}`, lookedSchema, () => look(round));
    if (looked.kind === "superseded") {
      // What it woke too late may run although the record says that it rests.
      await step.sendEvent("look-again", previewCheckDue.create({ ...scope }));
    }
    if (looked.kind !== "ok") return { result: looked.kind };
    if (looked.value.kind === "over") {
      const events = eventsOf(scope, looked.value.news);
      if (events.length > 0) await step.sendEvent("announce", events);
      return { result: looked.value.result };
    }
    const { inMs, at = 0, warnOf } = looked.value;
    if (warnOf !== undefined && warnOf !== warnedOf) {
      warnedOf = warnOf;
      await step.sendEvent(`warn-${round}`, warningOf(runtime, scope, { deadline: warnOf, kind }));
    }
    await step.sleep(`until-${round}`, inMs ?? sleepMs(at, runtime.clock.now()));
  }
}
