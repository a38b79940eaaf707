/**
 * Owns telling webhooks of events: at least once, in order as long as nothing fails, tried again three times at ten
 * seconds' distance (DOC lifecycle-events-webhooks, "Delivery and retries"), signed as e2b.md §5.4 has it. What the
 * plan of faults says comes in between: twice, late, never. It must never hold up a sandbox: `send` returns at once.
 * A delivery that failed to the last is logged and given up.
 */
import { createHash } from "node:crypto";
import type { Cancel, Clock } from "@/lib/clock";
import { type EventPayload, uuidFrom } from "@/lib/local/e2b/events/event-payload";
import type { Webhooks } from "@/lib/local/e2b/events/webhooks";
import { type DeliveryFault, delayMsOf } from "@/lib/local/e2b/faults/fault-kinds";
import type { FaultPlan } from "@/lib/local/e2b/faults/fault-plan";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

/** Whether the receiver took it. Rejects when it could not be reached. */
export type Post = (url: string, headers: Record<string, string>, body: string) => Promise<boolean>;

export interface DeliveryOptions {
  readonly webhooks: Webhooks;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: FaultPlan<DeliveryFault>;
  readonly post: Post;
}

interface Delivery {
  readonly webhookId: string;
  readonly payload: EventPayload;
  /** Made once, so that a retry is the same to the byte. */
  readonly body: string;
}

const RETRIES = 3;
const RETRY_AFTER_MS = 10_000;

export class WebhookDelivery {
  /** Each webhook's first attempts stand in a line. */
  private readonly lines = new Map<string, Promise<void>>();
  private readonly later = new Set<Cancel>();
  private isClosed = false;

  constructor(private readonly options: DeliveryOptions) {}

  send(payload: EventPayload): void {
    const { type, sandboxId } = payload;
    const body = JSON.stringify(payload);
    for (const { id } of this.options.webhooks.all()) {
      if (!this.options.webhooks.wanting(id, type)) continue;
      const faults = this.options.faults.next({ site: type, sandboxId });
      this.deliverWith(faults, { webhookId: id, payload, body });
    }
  }

  /** Nothing is sent any more. */
  close(): void {
    this.isClosed = true;
    for (const cancel of this.later) cancel();
    this.later.clear();
  }

  private deliverWith(faults: ReturnType<FaultPlan<DeliveryFault>["next"]>, delivery: Delivery): void {
    let times = 1;
    let delayMs = 0;
    for (const { fault, fraction } of faults) {
      switch (fault.kind) {
        case "lose":
          return;
        case "duplicate":
          times += 1;
          break;
        case "delay":
          delayMs += delayMsOf(fault, fraction);
      }
    }
    // A late one leaves the line: others overtake it.
    for (let time = 0; time < times; time += 1) {
      if (delayMs > 0) this.in(delayMs, () => this.attempt(delivery, RETRIES));
      else this.enqueue(delivery);
    }
  }

  private enqueue(delivery: Delivery): void {
    const before = this.lines.get(delivery.webhookId) ?? Promise.resolve();
    this.lines.set(
      delivery.webhookId,
      before.then(() => this.attempt(delivery, RETRIES)),
    );
  }

  /** Never rejects: a failure arranges the next attempt. */
  private async attempt(delivery: Delivery, retriesLeft: number): Promise<void> {
    const { webhooks, random, post, log } = this.options;
    const webhook = webhooks.wanting(delivery.webhookId, delivery.payload.type);
    if (!webhook || this.isClosed) return;
    const headers = {
      "content-type": "application/json",
      "e2b-webhook-id": webhook.id,
      // One an attempt (DOC); what tells a repeated event is its own id.
      "e2b-delivery-id": uuidFrom(random),
      "e2b-signature-version": "v1",
      "e2b-signature": signatureOf(webhook.signatureSecret, delivery.body),
    };
    try {
      if (await post(webhook.url, headers, delivery.body)) return;
    } catch (error) {
      log.info({ webhookId: webhook.id, error: String(error) }, "A webhook could not be reached");
    }
    if (retriesLeft > 0) this.in(RETRY_AFTER_MS, () => this.attempt(delivery, retriesLeft - 1));
    else log.warn({ webhookId: webhook.id, eventId: delivery.payload.id }, "A webhook delivery was given up");
  }

  private in(delayMs: number, act: () => Promise<void>): void {
    if (this.isClosed) return;
    const cancel = this.options.clock.after(delayMs, () => {
      this.later.delete(cancel);
      act();
    });
    this.later.add(cancel);
  }
}

/** Plain concatenation and no HMAC: E2B's own scheme. */
function signatureOf(secret: string, body: string): string {
  return createHash("sha256")
    .update(secret + body)
    .digest("base64url");
}
