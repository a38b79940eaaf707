/**
 * Owns registering the app's webhook with the launch's E2B stand-in, as a deployment does once with E2B itself (e2b.md §5.4):
 * from then on the app hears of what happens to sandboxes. It must never be pointed at E2B itself, which cannot call a
 * laptop. Fails closed: a stand-in that refuses it ends the launch.
 */
import { randomBytes } from "node:crypto";
import { EVENT_TYPES } from "../e2b/events/event-payload";
import type { LocalE2b } from "../e2b/start-e2b";

/** From the system, and anew at each launch: the stand-in forgets its webhooks with it. */
export const newWebhookSecret = (): string => randomBytes(24).toString("base64url");

export async function registerWebhook(e2b: LocalE2b, url: string, signatureSecret: string): Promise<void> {
  const response = await fetch(`${e2b.apiUrl}/events/webhooks`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": e2b.apiKey },
    body: JSON.stringify({ name: "rekindle", url, enabled: true, events: EVENT_TYPES, signatureSecret }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The local E2B refused the app's webhook with status ${response.status}`);
}
