/**
 * Owns what becomes of a change in a sandbox's life: it is kept for the events API and told to the webhooks. It must never
 * throw at the cloud that tells of it.
 */
import type { Clock } from "@/lib/clock";
import { EventHistory } from "@/lib/local/e2b/events/event-history";
import { payloadOf, uuidFrom } from "@/lib/local/e2b/events/event-payload";
import { type Post, WebhookDelivery } from "@/lib/local/e2b/events/webhook-delivery";
import { Webhooks } from "@/lib/local/e2b/events/webhooks";
import type { DeliveryFault } from "@/lib/local/e2b/faults/fault-kinds";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { FaultPlan } from "@/lib/local/faults/fault-plan";
import type { Log } from "@/lib/log";
import { derivedRandom, type Random } from "@/lib/random";

export interface LifecycleEventsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly faults: FaultPlan<DeliveryFault>;
  readonly post: Post;
}

export class LifecycleEvents {
  readonly history: EventHistory;
  readonly webhooks: Webhooks;
  private readonly delivery: WebhookDelivery;

  constructor(private readonly options: LifecycleEventsOptions) {
    this.history = new EventHistory(options.clock);
    this.webhooks = new Webhooks(options.clock, options.random);
    // How often is tried depends on the receivers: the ids of later events must not.
    const random = derivedRandom(options.random);
    this.delivery = new WebhookDelivery({ ...options, random, webhooks: this.webhooks });
  }

  /** For `CloudOptions.onEvent`. */
  tell(event: LifecycleEvent): void {
    const payload = payloadOf(event, uuidFrom(this.options.random));
    this.history.add(event.at, payload);
    this.delivery.send(payload);
  }

  close(): void {
    this.delivery.close();
  }
}
