/**
 * Owns having a served app register itself with a real Inngest server: a bare PUT, upon which the SDK posts its functions to
 * the server that its environment names (inngest.md §3.2, out of band). Never throws: an app that is not there, or a
 * server that refuses, is an answer with the reason.
 */
import { z } from "zod";

export type AppSync = { readonly kind: "registered" } | { readonly kind: "refused"; readonly reason: string };

const answerSchema = z.object({ message: z.string() });

export async function syncApp(appUrl: string): Promise<AppSync> {
  try {
    const response = await fetch(appUrl, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    if (response.ok) return { kind: "registered" };
    const text = await response.text();
    const parsed = answerSchema.safeParse(parseJson(text));
    const why = parsed.success ? parsed.data.message : text.slice(0, 200);
    return { kind: "refused", reason: `${response.status}: ${why}` };
  } catch (error) {
    return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An error page; the caller quotes it.
    return null;
  }
}
