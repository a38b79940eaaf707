/**
 * Owns the provider's webhook in the second layer: the stand-in's own payloads, signing and retries, posted to the shipping
 * handler in whatever process is free, late, twice and past each other. It must never post what was not signed.
 */

import { sleep } from "@/lib/clock";
import { EVENT_TYPES } from "@/lib/local/e2b/events/event-payload";
import { LifecycleEvents } from "@/lib/local/e2b/events/lifecycle-events";
import type { DeliveryFault } from "@/lib/local/e2b/faults/fault-kinds";
import { FaultPlan } from "@/lib/local/faults/fault-plan";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { signedByE2b } from "@/lib/webhooks/signature";
import type { World } from "../world/world";

const URL_OF_APP = "http://127.0.0.1:9/api/webhooks/e2b";
const SECRET = "a-secret-of-a-webhook";

export const isFromE2b = signedByE2b([SECRET]);

export function deliverWebhooks(world: World): void {
  const { clock, dice, trace, calls } = world;

  const deliver = async (headers: Record<string, string>, body: string): Promise<boolean> => {
    const request = new Request(URL_OF_APP, { method: "POST", headers, body });
    const ended = await world.run(async ({ worker, rekindle }) => {
      const { type, sandboxId }: { type: string; sandboxId: string } = JSON.parse(body);
      trace.note(`${worker.name} webhook ${type} ${sandboxId}`);
      return rekindle.handlers(async () => undefined).sandboxEvents(request);
    });
    if (ended.kind === "threw") throw ended.error;
    return ended.kind === "answered" && ended.value.ok;
  };

  const events = new LifecycleEvents({
    clock,
    random: seededRandom(world.seed + 2_000_000),
    log: silentLog,
    faults: new FaultPlan<DeliveryFault>(seededRandom(world.seed + 3_000_000)),
    async post(_url, headers, body) {
      const { plan } = world;
      await sleep(clock, dice.happens(plan.delayed) ? dice.mostlyShort(5 * 60_000) : dice.between(20, 800));
      if (dice.happens(plan.rates["error-before"])) {
        calls.count("webhook.post", "error-before");
        return false;
      }
      if (dice.happens(plan.repeated)) {
        calls.count("webhook.post", "repeated");
        void sleep(clock, dice.mostlyShort(5 * 60_000)).then(() => deliver(headers, body));
      }
      return deliver(headers, body);
    },
  });
  events.webhooks.register({
    name: "rekindle",
    url: URL_OF_APP,
    enabled: true,
    events: [...EVENT_TYPES],
    signatureSecret: SECRET,
  });
  world.onChange((event) => events.tell(event));
}
