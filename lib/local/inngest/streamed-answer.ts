/**
 * Owns the answers of streaming apps: 201 at once, then keep-alive bytes, then the real answer as one JSON envelope
 * (inngest.md §3.4). It must never change an answer that is not such an envelope. Cannot fail.
 */
import { z } from "zod";
import { parseJsonOrNull } from "./parse-json";
import type { TransportResponse } from "./transport";

const envelopeSchema = z.object({
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});

/** The answer inside of the envelope, or the answer itself. */
export function unwrapStream(response: TransportResponse): TransportResponse {
  if (response.status !== 201) return response;
  const envelope = envelopeSchema.safeParse(parseJsonOrNull(response.body));
  if (!envelope.success) return response;
  const { status, headers, body } = envelope.data;
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status,
    headers: { ...response.headers, ...Object.fromEntries(lowerCased) },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
