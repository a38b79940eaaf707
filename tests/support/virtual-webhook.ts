/**
 * Owns the provider's webhook without a socket: the stand-in's own events, signing, retries and faults, delivered to a
 * fetch-style handler. Seeded by itself, so that a world with it lives through the same as one without. It remembers what
 * was delivered and how it was answered. It must never deliver what a handler was not yet given for.
 */
import { EVENT_TYPES, type EventPayload } from "@/lib/local/e2b/events/event-payload";
import { LifecycleEvents } from "@/lib/local/e2b/events/lifecycle-events";
import type { DeliveryFault } from "@/lib/local/e2b/faults/fault-kinds";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import { FaultPlan } from "@/lib/local/faults/fault-plan";
import type { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { signedByE2b } from "@/lib/webhooks/signature";

export const WEBHOOK_URL = "http://127.0.0.1:9/api/webhooks/e2b";
const SECRET = "a-secret-of-a-webhook";

export interface Delivered {
  readonly at: number;
  /** Of the event, the same each time that it is delivered. */
  readonly id: string;
  /** Without its prefix. */
  readonly type: string;
  readonly status: number;
  /** What the handler said that it meant. */
  readonly kind: unknown;
}

export function virtualWebhook({ clock, seed }: { readonly clock: VirtualClock; readonly seed: number }) {
  const delivered: Delivered[] = [];
  const faults = new FaultPlan<DeliveryFault>(seededRandom(seed + 1));
  let deliver: ((request: Request) => Promise<Response>) | undefined;

  async function post(url: string, headers: Record<string, string>, body: string): Promise<boolean> {
    if (!deliver) throw new TypeError("nobody listens yet");
    const { id, type }: EventPayload = JSON.parse(body);
    const response = await deliver(new Request(url, { method: "POST", headers, body }));
    const { kind }: { kind?: unknown } = await response.json();
    delivered.push({
      at: clock.now(),
      id,
      type: type.replace("sandbox.lifecycle.", ""),
      status: response.status,
      kind,
    });
    return response.ok;
  }

  const events = new LifecycleEvents({ clock, random: seededRandom(seed + 2), log: silentLog, faults, post });
  events.webhooks.register({
    name: "rekindle",
    url: WEBHOOK_URL,
    enabled: true,
    events: [...EVENT_TYPES],
    signatureSecret: SECRET,
  });

  return {
    /** For the cloud's `onEvent`. */
    tell: (event: LifecycleEvent) => events.tell(event),
    isFromE2b: signedByE2b([SECRET]),
    deliverTo(handler: (request: Request) => Promise<Response>): void {
      deliver = handler;
    },
    /** Sites are the events' types, with their prefix. */
    faults,
    delivered,
  };
}
