/** What a durable step answers: an outcome for everything that we know, on whatever attempt; what we do not know is thrown. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { stepsOf } from "@/functions/step-outcome";
import {
  FilesUnavailableError,
  LeaseLostError,
  NoRecipeError,
  ProviderCapacityError,
  ProviderUnreachableError,
  RekindleError,
  StoreRefusedError,
  UnknownProjectError,
} from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { silentLog } from "@/lib/log";
import { reasonOfError, reasonSchema } from "@/lib/preview/reasons";
import { MANY } from "./snapshots";

const { projectId } = parseScope("p1", "u1");

const errors = fc.constantFrom(
  () => new ProviderUnreachableError("create"),
  () => new ProviderCapacityError(20),
  () => new FilesUnavailableError(projectId, new Error("down")),
  () => new UnknownProjectError(projectId),
  () => new NoRecipeError(projectId),
  () => new StoreRefusedError("claim"),
  () => new LeaseLostError("p"),
  () => new TypeError("x is not a function"),
);

/** As Inngest stores a step's result: JSON. */
const step = {
  run: async (_id: string, work: () => Promise<unknown>): Promise<unknown> =>
    JSON.parse(JSON.stringify(await work())),
};

test("an error becomes an outcome once a retry cannot help any more, and is thrown for a retry before", async () => {
  await fc.assert(
    fc.asyncProperty(
      errors,
      fc.nat(3),
      fc.option(fc.integer({ min: 1, max: 4 })),
      async (make, attempt, most) => {
        const error = make();
        const act = stepsOf({ step, attempt, maxAttempts: most ?? undefined }, silentLog);
        const isLast = most !== null && attempt + 1 >= most;
        const done = act("step", z.string(), () => Promise.reject(error));

        if (error instanceof LeaseLostError) expect(await done).toEqual({ kind: "superseded" });
        else if (!(error instanceof RekindleError) || (error.retriable && !isLast)) {
          await expect(done).rejects.toBe(error);
        } else {
          const outcome = await done;
          expect(outcome).toEqual({ kind: "failed", reason: reasonOfError(error) });
          expect(reasonSchema.options).toContain(reasonOfError(error));
        }
      },
    ),
    MANY,
  );
});

test("a result comes back as it was answered, and what an older deploy stored otherwise is refused", async () => {
  const schema = z.object({ text: z.string(), count: z.number() });
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.nat(), fc.jsonValue(), async (text, count, other) => {
      const act = stepsOf({ step, attempt: 0 }, silentLog);
      const stored = stepsOf({ step: { run: async () => other }, attempt: 0 }, silentLog);

      expect(await act("step", schema, async () => ({ text, count }))).toEqual({
        kind: "ok",
        value: { text, count },
      });
      await expect(stored("step", schema, async () => ({ text, count }))).rejects.toThrow();
    }),
    MANY,
  );
});
