/**
 * Owns the one loopback port on which the SDK finds both planes: requests that name a sandbox in `E2b-Sandbox-Id`, or
 * are signed by one, are envd's, all others the control plane's (e2b.md §3.1); beside these, what is E2B's events API
 * and what is the stand-in's own, below `/local/`. It must never answer a page or a stranger: host and origin are
 * checked first, then the key. Faults stand between the key and the work. A call that the stand-in does not know
 * answers 501 and is logged.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type ControlContext, findControlRoute } from "@/lib/local/e2b/control/control-routes";
import { type EnvdContext, serveEnvd } from "@/lib/local/e2b/envd/envd-server";
import { findSigner, isSignedFor } from "@/lib/local/e2b/envd/signed-urls";
import { EVENT_ROUTES, type EventContext } from "@/lib/local/e2b/events/event-routes";
import { type Exchange, exchangeWithFaults } from "@/lib/local/e2b/faults/faulty-exchange";
import { LOCAL_ROUTES, type LocalContext } from "@/lib/local/e2b/faults/local-routes";
import { SpoilableResponse } from "@/lib/local/e2b/faults/spoilable-response";
import { ApiError, notOffered } from "@/lib/local/e2b/semantics/api-error";
import { sendApiError, sendError } from "@/lib/local/e2b/wire/answers";
import { refuseForeigners, refuseOtherBodies } from "@/lib/local/e2b/wire/guard";
import { findRoute } from "@/lib/local/e2b/wire/routing";
import { answerRefusal, refusalOf } from "@/lib/local/e2b/wire/traffic-refusal";
import { isSecret } from "@/lib/local/loopback";

export interface ServerContext extends ControlContext, EnvdContext, EventContext, LocalContext {
  readonly clock: LocalContext["clock"];
  readonly apiKey: string;
  /** Told of each authenticated call of E2B's API before it is answered, and before any fault. */
  count(kind: string): void;
}

/** Not yet listening. */
export function createE2bServer(context: ServerContext): Server {
  const server = createServer({ ServerResponse: SpoilableResponse }, (request, response) => {
    serve({ request, response }, context).catch((error: unknown) =>
      answerFailure({ request, response }, error, context),
    );
  });
  // Commands stream for hours; what ends them is the command, not the server's patience.
  server.requestTimeout = 0;
  return server;
}

async function serve(exchange: Exchange, context: ServerContext): Promise<void> {
  const { request } = exchange;
  refuseForeigners(request);
  const sandboxId = request.headers["e2b-sandbox-id"] ?? signerOf(request, context);
  if (typeof sandboxId === "string") return serveSandbox(exchange, sandboxId, context);
  if (!isSecret(request.headers["x-api-key"], context.apiKey)) throw new ApiError(401, "Invalid API key");
  const url = new URL(request.url ?? "/", "http://control");
  if (url.pathname.startsWith("/local/")) return serveLocal(exchange, url, context);
  return serveControl(exchange, url, context);
}

/** E2B's proxy stands before envd: it decides who is let in, and wakes what traffic may wake (e2b.md §2.6). */
function serveSandbox(exchange: Exchange, sandboxId: string, context: ServerContext): Promise<void> {
  const { request, response } = exchange;
  const faults = context.faults.next({ site: envdSite(request), sandboxId });
  return exchangeWithFaults(faults, exchange, context.clock, async () => {
    const isAuthorized = isSignedFor(request, context.envdTokenOf(sandboxId), context.clock.now());
    const traffic = { kind: "envd", isAuthorized } as const;
    const refusal = refusalOf(await context.cloud.admit(sandboxId, traffic), sandboxId, traffic);
    if (refusal) answerRefusal(request, response, refusal);
    else await serveEnvd(request, response, sandboxId, context);
  });
}

async function serveControl(exchange: Exchange, url: URL, context: ServerContext): Promise<void> {
  const { request, response } = exchange;
  const method = request.method ?? "";
  const control = findControlRoute(method, url.pathname);
  const event = findRoute(EVENT_ROUTES, method, url.pathname);
  const site = control?.kind ?? event?.kind;
  context.count(site ?? "unsupported");
  if (site === undefined) throw notOffered(`${method} ${url.pathname}`);
  refuseOtherBodies(request);
  const sandboxId = control?.sandboxId === "" ? undefined : control?.sandboxId;
  await exchangeWithFaults(context.faults.next({ site, sandboxId }), exchange, context.clock, async () => {
    await control?.answer({ request, response, url, sandboxId: control.sandboxId }, context);
    await event?.answer({ request, response, url, id: event.id }, context);
  });
}

async function serveLocal({ request, response }: Exchange, url: URL, context: ServerContext): Promise<void> {
  const route = findRoute(LOCAL_ROUTES, request.method ?? "", url.pathname);
  if (!route) throw notOffered(`${request.method} ${url.pathname}`);
  refuseOtherBodies(request);
  await route.answer({ request, response, url, id: route.id }, context);
}

/** `health`, `files`, or the service's last word and the method, as in `Process.Start`. */
function envdSite(request: IncomingMessage): string {
  const { pathname } = new URL(request.url ?? "/", "http://envd");
  const [, first = "", method] = pathname.split("/");
  return method === undefined ? first : `${first.split(".").at(-1)}.${method}`;
}

/** A signed address names no sandbox; its signature does. */
function signerOf(request: IncomingMessage, { cloud, envdTokenOf }: ServerContext): string | undefined {
  return findSigner(request, () => cloud.views().map((sandbox) => sandbox.sandboxId), envdTokenOf);
}

function answerFailure({ request, response }: Exchange, error: unknown, { log }: ServerContext): void {
  const { method, url } = request;
  if (!(error instanceof ApiError)) {
    log.error({ method, url, error: String(error) }, "A control call failed");
  } else if (error.status === 501) {
    log.warn({ method, url, error: error.message }, "A request was not offered");
  }
  request.resume();
  // Half an answer cannot be taken back; a cut connection at least does not look complete.
  if (response.headersSent) response.destroy();
  else if (error instanceof ApiError) sendApiError(response, error);
  else sendError(response, 500, "Internal error of the local E2B stand-in");
}
