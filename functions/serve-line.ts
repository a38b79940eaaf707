/**
 * Owns looking after the line of those who wait for a place: as long as anybody waits it counts what the provider runs,
 * has free places given to the first, asks what nobody uses to rest, and looks again a little later. It must never give a
 * place itself: one script does, so of several servers all but one find another at work and end. Fails open: a look that
 * came to nothing is made again at the next; when a run ends that should not have, the recovery or the sweep calls for
 * another. Step ids are stable: runs in flight meet newer code.
 */
import { z } from "zod";
import { lineWaiting, previewRequested, previewRestRequested } from "@/inngest/events";
import { projectIdSchema, userIdSchema } from "@/lib/ids";
import { countRunning } from "@/lib/preview/operations/count-running";
import type { Runtime } from "@/lib/runtime";
import { stepsOf } from "./step-outcome";

export const serveLineId = "serve-line";

/**
 * A run has at most 1 000 steps (inngest.md §2.9, 2026-11-22), a look takes two or three, and every call brings along what
 * all the steps before it answered; then the next run goes on.
 */
const MOST_LOOKS = 60;

const scopes = z.array(z.object({ projectId: projectIdSchema, userId: userIdSchema }));
const servedSchema = z.object({
  kind: z.enum(["going-on", "other", "over"]),
  admitted: scopes,
  toRest: scopes,
  waiting: z.number(),
});

/** The same server through all runs that go on with its work; recover-preview derives the same. */
export const lineServerOf = (data: z.infer<typeof lineWaiting.schema>, runId: string): string =>
  data.server ?? `line-${runId}`;

export const serveLine = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    { id: serveLineId, triggers: [lineWaiting], retries: runtime.flow.retries },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const server = lineServerOf(event.data, runId);
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      for (let round = 0; round < MOST_LOOKS; round += 1) {
        const served = await act(`look-${round}`, servedSchema, () =>
          look(runtime, server, `${runId}-${round}`),
        );
        if (served.kind === "ok") {
          const { kind, admitted, toRest } = served.value;
          const events = [
            ...admitted.map((each) => previewRequested.create({ ...each, requestedBy: "line" })),
            ...toRest.map((each) => previewRestRequested.create({ ...each, because: "evicted" })),
          ];
          if (events.length > 0) await step.sendEvent(`tell-${round}`, events);
          if (kind !== "going-on") return { result: kind };
        }
        await step.sleep(`until-${round + 1}`, runtime.policy.lineLookEveryMs);
      }
      await step.sendEvent("go-on", lineWaiting.create({ server }));
      return { result: "handed-on" };
    },
  );

async function look(runtime: Runtime, server: string, name: string): Promise<z.input<typeof servedSchema>> {
  const { kind, admitted, toRest, waiting } = await runtime.fleet.serveLine(
    server,
    name,
    await countRunning(runtime),
  );
  return { kind, admitted: [...admitted], toRest: [...toRest], waiting };
}
