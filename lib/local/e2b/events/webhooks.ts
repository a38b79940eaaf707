/**
 * Owns which webhooks are registered and what each wants to hear of (e2b.md §5.4). It must never give back a secret, and
 * never hold an address that is not this machine's: a stand-in that runs on a developer's laptop tells nobody else.
 * No I/O; an unknown id is `ApiError` 404.
 */
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import { EVENT_TYPES, type EventType, NIL_UUID, uuidFrom } from "@/lib/local/e2b/events/event-payload";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { isLoopbackHost } from "@/lib/local/loopback";
import type { Random } from "@/lib/random";

const loopbackUrl = z
  .string()
  .refine(isLoopbackUrl, "the local E2B stand-in delivers only to http://localhost, 127.0.0.1 or [::1]");

export const webhookShape = z.object({
  name: z.string().min(1),
  url: loopbackUrl,
  enabled: z.boolean().default(true),
  events: z.array(z.enum(EVENT_TYPES)).min(1),
  signatureSecret: z.string().min(1),
});

/** What is left out stays as it is. No default here: it would switch on what was switched off. */
export const webhookChangesShape = z.object({
  name: z.string().min(1).optional(),
  url: loopbackUrl.optional(),
  enabled: z.boolean().optional(),
  events: z.array(z.enum(EVENT_TYPES)).min(1).optional(),
  signatureSecret: z.string().min(1).optional(),
});

export interface Webhook extends Readonly<z.infer<typeof webhookShape>> {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export class Webhooks {
  private readonly registered = new Map<string, Webhook>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  register(asked: z.infer<typeof webhookShape>): Webhook {
    const webhook = { ...asked, id: uuidFrom(this.random), createdAt: this.clock.now() };
    this.registered.set(webhook.id, webhook);
    return webhook;
  }

  all(): Webhook[] {
    return [...this.registered.values()];
  }

  get(id: string): Webhook {
    const webhook = this.registered.get(id);
    if (!webhook) throw new ApiError(404, `Webhook "${id}" not found`);
    return webhook;
  }

  change(id: string, changes: z.infer<typeof webhookChangesShape>): Webhook {
    const { name, url, enabled, events, signatureSecret, ...kept } = this.get(id);
    const webhook = {
      ...kept,
      name: changes.name ?? name,
      url: changes.url ?? url,
      enabled: changes.enabled ?? enabled,
      events: changes.events ?? events,
      signatureSecret: changes.signatureSecret ?? signatureSecret,
    };
    this.registered.set(id, webhook);
    return webhook;
  }

  remove(id: string): void {
    this.get(id);
    this.registered.delete(id);
  }

  /** Asked afresh for each attempt: undefined when it is gone, switched off, or no longer wants this type. */
  wanting(id: string, type: EventType): Webhook | undefined {
    const webhook = this.registered.get(id);
    return webhook?.enabled && webhook.events.includes(type) ? webhook : undefined;
  }
}

/** As the API shows it: all but the secret. */
export function webhookBody({ signatureSecret: _kept, createdAt, ...webhook }: Webhook) {
  return { ...webhook, teamId: NIL_UUID, createdAt: new Date(createdAt).toISOString() };
}

function isLoopbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === "http:" && isLoopbackHost(url.host);
}
