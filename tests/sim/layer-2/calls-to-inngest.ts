/**
 * Owns what leaves a process for Inngest: events and reported steps, as the SDK's own requests, through `Calls`. Events come
 * twice, late, and past each other, as the fault model has it (F6). It must never lose an event that was answered for, nor
 * take a repeated attempt of one send for another event.
 */
import { z } from "zod";
import { sleep } from "@/lib/clock";
import type { Api } from "@/lib/local/inngest/api";
import { HEADER } from "@/lib/local/inngest/protocol";
import type { Service } from "../kernel/calls";
import type { Worker } from "../kernel/worker";
import type { World } from "../world/world";
import type { PastEvents } from "./past-events";

type Fetch = typeof globalThis.fetch;

export const ENGINE = "http://127.0.0.1:8288";

const LONGEST_DELAY_MS = 15 * 60_000;

export const sentEventsSchema = z.array(
  z.looseObject({
    name: z.string(),
    id: z.string().optional(),
    ts: z.number(),
    data: z.record(z.string(), z.unknown()),
  }),
);
type SentEvents = z.infer<typeof sentEventsSchema>;

export interface InngestParts {
  readonly world: World;
  readonly api: Api;
  readonly past: PastEvents;
}

/** For the client of one process. */
export function fetchOf(parts: InngestParts, worker: Worker): Fetch {
  return async (input, init) => {
    const { pathname } = new URL(String(input));
    const headers = new Headers(init?.headers);
    const body = String(init?.body);
    if (pathname.startsWith("/e/")) return sendEvents(parts, worker, pathname, headers, body);
    if (pathname.startsWith("/v1/checkpoint/"))
      return through(
        parts,
        worker,
        "inngest.checkpoint",
        parts.past.runName(pathname.split("/")[3] ?? ""),
        () => Promise.resolve(post(parts, pathname, body)),
      );
    throw new Error(`the simulator does not know the path ${pathname} of Inngest`);
  };
}

function sendEvents(parts: InngestParts, worker: Worker, path: string, headers: Headers, body: string) {
  const { world, past } = parts;
  const { clock, dice, plan } = world;
  const seed = headers.get(HEADER.eventIdSeed) ?? "";
  const [stampedAt] = seed.split(",");
  const events = sentEventsSchema.parse(JSON.parse(body)).map((event, index) => ({
    ...event,
    id: event.id ?? past.idFor(seed, index),
    // The SDK's stamp is its process's clock, which is off.
    ts: String(event.ts) === stampedAt ? worker.clock.now() : event.ts,
  }));
  const names = events.map(({ name }) => name).join(" ");
  return through(parts, worker, "events.send", names, async () => {
    const take = (taken: SentEvents) => {
      past.took(taken);
      return post(parts, path, JSON.stringify(taken));
    };
    if (dice.happens(plan.repeated)) void takeAgain(take, events);
    if (!dice.happens(plan.delayed)) return take(events);
    world.calls.count("events.send", "delayed");
    void sleep(clock, dice.mostlyShort(LONGEST_DELAY_MS)).then(() => take(events));
    return answer(200, { ids: events.map(({ id }) => id), status: 200 });
  });

  /** Under the same ids, or under others, as a producer that does not know them makes it. */
  async function takeAgain(take: (events: SentEvents) => Response, events: SentEvents): Promise<void> {
    const hasOtherIds = dice.happens(0.5);
    await sleep(clock, dice.mostlyShort(60_000));
    world.calls.count("events.send", "repeated");
    take(hasOtherIds ? events.map((event) => ({ ...event, id: past.newId() })) : events);
  }
}

function through(
  { world }: InngestParts,
  worker: Worker,
  site: string,
  about: string,
  apply: () => Promise<Response>,
): Promise<Response> {
  const service: Service = "events";
  const { dice } = world;
  return world.calls.make(worker, {
    service,
    site,
    about,
    latencyMs: dice.between(5, 60),
    apply,
    unanswered: () => {
      if (dice.happens(0.3)) return answer(503, { error: "Service Unavailable", status: 503 });
      throw new TypeError("fetch failed");
    },
    malformed: () => new Response("<html>", { status: 200 }),
  });
}

function post({ api }: InngestParts, path: string, body: string): Response {
  const headers = { host: new URL(ENGINE).host, "content-type": "application/json" };
  const { status, body: text } = api({ method: "POST", path, headers, body });
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}

const answer = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
