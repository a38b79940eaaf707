/**
 * Owns how Inngest's requests reach the processes that serve the functions: the SDK's own handler in whatever process is
 * free, and what goes wrong on the way: not arrived, answer lost, process dead before or after, stalled, given up while the
 * process goes on. It must never answer for a process.
 */
import { InngestCommHandler } from "inngest";
import { z } from "zod";
import { sleep } from "@/lib/clock";
import { parseJsonOrNull } from "@/lib/local/inngest/parse-json";
import { HEADER } from "@/lib/local/inngest/protocol";
import type { Transport, TransportRequest, TransportResponse } from "@/lib/local/inngest/transport";
import { faultOf, stallMs } from "../kernel/faults";
import { numberOfSite } from "../kernel/sites";
import type { Ended } from "../kernel/worker";
import type { Process, World } from "../world/world";
import type { PastEvents } from "./past-events";

const SITE = "inngest.request";

export function requestsToApp(world: World, past: PastEvents): Transport {
  const { clock, dice, trace, calls } = world;
  const handlers = new WeakMap<Process, Handler>();

  const serve = async (process: Process, request: TransportRequest): Promise<TransportResponse> => {
    const handler = handlers.get(process) ?? handlerOf(process);
    handlers.set(process, handler);
    return handler(request);
  };

  return async (request) => {
    if (request.method !== "POST")
      return answered(await world.run((process) => serve(process, request)), "sync");
    const about = aboutOf(request, past);
    const fault = faultOf(world.plan, dice, numberOfSite(SITE));
    if (fault) calls.count(SITE, fault);
    await sleep(clock, dice.between(2, 30));
    const work = () =>
      world.run(async (process) => {
        trace.note(`${process.worker.name} asked ${about}${fault ? ` !${fault}` : ""}`);
        if (fault === "crash-before") return process.worker.die();
        const response = await serve(process, request);
        trace.note(`${process.worker.name} answers ${about}: ${summaryOf(response)}`);
        return fault === "crash-after" ? process.worker.die() : response;
      });
    switch (fault) {
      case "error-before":
        throw broken(about, "it did not arrive");
      case "error-after":
        await work();
        throw broken(about, "the answer was lost");
      case "malformed":
        await work();
        return { status: 502, headers: {}, body: "<html>" };
      case "stall":
        await sleep(clock, stallMs(dice));
        break;
      case "late":
        // Given up, while the process goes on: what it reports from then on comes too late.
        return Promise.race([
          work().then((ended) => answered(ended, about)),
          sleep(clock, dice.between(100, 20_000)).then(() => Promise.reject(broken(about, "given up"))),
        ]);
    }
    return answered(await work(), about);
  };
}

function answered(ended: Ended<TransportResponse>, about: string): TransportResponse {
  switch (ended.kind) {
    case "answered":
      return ended.value;
    case "died":
      throw broken(about, "the process died");
    case "threw":
      throw ended.error;
  }
}

const broken = (about: string, why: string): Error =>
  new TypeError("fetch failed", { cause: new Error(`${about}: ${why}`) });

type Handler = (request: TransportRequest) => Promise<TransportResponse>;

/** As `serve` of "inngest/edge" is made, but over plain objects: a `Request` and its streams cost more than the function. */
function handlerOf({ runtime, rekindle }: Process): Handler {
  const comm = new InngestCommHandler({
    frameworkName: "sim",
    client: runtime.inngest,
    functions: rekindle.functions,
    handler: ({ url, method, headers, body }: TransportRequest) => ({
      body: () => body,
      headers: (name) => headers[name.toLowerCase()] ?? null,
      method: () => method,
      url: () => new URL(url),
      transformResponse: (response): TransportResponse => ({
        status: response.status,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: response.body,
      }),
    }),
  });
  return comm.createHandler();
}

const bodySchema = z.looseObject({ ctx: z.looseObject({ attempt: z.number() }) });

function aboutOf({ url, headers, body }: TransportRequest, past: PastEvents): string {
  const query = new URL(url).searchParams;
  const { ctx } = bodySchema.parse(JSON.parse(body));
  const attempt = ctx.attempt > 0 ? ` attempt ${ctx.attempt + 1}` : "";
  return `${past.runName(headers[HEADER.runId] ?? "")} ${query.get("fnId")?.replace("rekindle-", "")}${attempt}`;
}

const operationsSchema = z.array(
  z.looseObject({
    op: z.string(),
    displayName: z.string().optional(),
    error: z.looseObject({ name: z.string(), message: z.string() }).optional(),
  }),
);

/** "206 StepRun claim"; what failed with its error. */
function summaryOf({ status, body }: TransportResponse): string {
  if (status !== 206) return status === 200 ? "200" : `${status} ${body.slice(0, 200)}`;
  const operations = operationsSchema.parse(parseJsonOrNull(body));
  const shown = operations.map(({ op, displayName = "", error }) =>
    `${op} ${displayName} ${error ? `(${error.name}: ${error.message})` : ""}`.trim(),
  );
  return `206 ${shown.join(", ")}`;
}
