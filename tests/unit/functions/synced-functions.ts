/** Owns what the SDK answers to an in-band sync: our functions as Inngest is told of them. */
import { serve } from "inngest/edge";
import { z } from "zod";
import { createWorld } from "@/tests/support/world";

const answerSchema = z.object({
  functions: z.array(
    // Strict, so that an option which no test knows of does not go unseen.
    z.strictObject({
      id: z.string(),
      name: z.string(),
      triggers: z.array(
        z.object({
          event: z.string().optional(),
          expression: z.string().optional(),
          cron: z.string().optional(),
        }),
      ),
      steps: z.object({
        step: z.object({ retries: z.object({ attempts: z.number() }).optional() }),
      }),
      debounce: z.object({ key: z.string(), period: z.string(), timeout: z.string().optional() }).optional(),
      throttle: z.object({ limit: z.number(), period: z.string() }).optional(),
      singleton: z.object({ key: z.string(), mode: z.string() }).optional(),
      cancel: z.array(z.object({ event: z.string(), if: z.string().optional() })).optional(),
    }),
  ),
});

export async function syncedFunctions() {
  const { runtime, rekindle } = await createWorld();
  const handler = serve({ client: runtime.inngest, functions: rekindle.functions });
  const url = "http://127.0.0.1/api/inngest";
  const response = await handler(
    new Request(url, {
      method: "PUT",
      headers: {
        host: "127.0.0.1",
        "content-type": "application/json",
        "x-inngest-sync-kind": "in_band",
        "x-inngest-server-kind": "dev",
      },
      body: JSON.stringify({ url }),
    }),
  );
  return answerSchema.parse(await response.json()).functions;
}
