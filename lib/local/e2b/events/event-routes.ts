/**
 * Owns the events API on the wire: what happened, and who wants to hear of it (e2b.md §5.4; DOC lifecycle-events-api and
 * lifecycle-events-webhooks). The SDK has no calls for it. It must never show a secret. Fails with `ApiError`s.
 */
import { z } from "zod";
import { EVENT_TYPES } from "@/lib/local/e2b/events/event-payload";
import type { LifecycleEvents } from "@/lib/local/e2b/events/lifecycle-events";
import { webhookBody, webhookChangesShape, webhookShape } from "@/lib/local/e2b/events/webhooks";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { firstIssue, readJson, sendJson, sendNothing } from "@/lib/local/e2b/wire/answers";
import type { Route, RoutedCall } from "@/lib/local/e2b/wire/routing";

export interface EventContext {
  readonly events: LifecycleEvents;
}

const WEBHOOK = /^\/events\/webhooks\/([^/]+)$/;

export const EVENT_ROUTES: readonly Route<EventContext>[] = [
  { kind: "events", method: "GET", path: /^\/events\/sandboxes$/, answer: list },
  { kind: "events", method: "GET", path: /^\/events\/sandboxes\/([^/]+)$/, answer: list },
  { kind: "webhook-register", method: "POST", path: /^\/events\/webhooks$/, answer: register },
  { kind: "webhook-list", method: "GET", path: /^\/events\/webhooks$/, answer: listWebhooks },
  { kind: "webhook-get", method: "GET", path: WEBHOOK, answer: get },
  { kind: "webhook-change", method: "PATCH", path: WEBHOOK, answer: change },
  { kind: "webhook-remove", method: "DELETE", path: WEBHOOK, answer: remove },
];

const listShape = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
  orderAsc: z.enum(["true", "false"]).default("false"),
  types: z.array(z.enum(EVENT_TYPES)),
});

function list({ response, url, id }: RoutedCall, { events }: EventContext): void {
  // `types` may be given several times (DOC); all others once.
  const types = url.searchParams.getAll("types");
  const parsed = listShape.safeParse({ ...Object.fromEntries(url.searchParams), types });
  if (!parsed.success) throw new ApiError(400, `Invalid query: ${firstIssue(parsed.error)}`);
  const { offset, limit, orderAsc, types: wanted } = parsed.data;
  const found = events.history.list({
    sandboxId: id === "" ? undefined : id,
    types: wanted.length > 0 ? new Set(wanted) : undefined,
    offset,
    limit,
    isAscending: orderAsc === "true",
  });
  sendJson(response, 200, found);
}

async function register({ request, response }: RoutedCall, { events }: EventContext): Promise<void> {
  const webhook = events.webhooks.register(await readJson(request, webhookShape));
  sendJson(response, 201, webhookBody(webhook));
}

function listWebhooks({ response }: RoutedCall, { events }: EventContext): void {
  sendJson(response, 200, events.webhooks.all().map(webhookBody));
}

function get({ response, id }: RoutedCall, { events }: EventContext): void {
  sendJson(response, 200, webhookBody(events.webhooks.get(id)));
}

async function change({ request, response, id }: RoutedCall, { events }: EventContext): Promise<void> {
  const changes = await readJson(request, webhookChangesShape);
  sendJson(response, 200, webhookBody(events.webhooks.change(id, changes)));
}

/** 200 and not 204 (DOC). */
function remove({ response, id }: RoutedCall, { events }: EventContext): void {
  events.webhooks.remove(id);
  sendNothing(response, 200);
}
