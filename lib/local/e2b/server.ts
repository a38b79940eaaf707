/**
 * Owns the one loopback port on which the SDK finds both planes: requests that name a sandbox in `E2b-Sandbox-Id`, or
 * are signed by one, are envd's, all others the control plane's (e2b.md §3.1). It must never answer a page or a
 * stranger: host and origin are checked first, then the key. A call that the stand-in does not know answers 501 and is
 * logged.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { sendApiError, sendError } from "@/lib/local/e2b/answers";
import { ApiError, notOffered } from "@/lib/local/e2b/api-error";
import { type ControlContext, findControlRoute } from "@/lib/local/e2b/control-routes";
import { type EnvdContext, serveEnvd } from "@/lib/local/e2b/envd-server";
import { refuseForeigners, refuseOtherBodies } from "@/lib/local/e2b/guard";
import { findSigner } from "@/lib/local/e2b/signed-urls";
import { isSecret } from "@/lib/local/loopback";

export interface ServerContext extends ControlContext, EnvdContext {
  readonly apiKey: string;
  /** Told of each authenticated control call before it is answered. */
  count(kind: string): void;
}

/** Not yet listening. */
export function createE2bServer(context: ServerContext): Server {
  const server = createServer((request, response) => {
    serve(request, response, context).catch((error: unknown) =>
      answerFailure(request, response, error, context),
    );
  });
  // Commands stream for hours; what ends them is the command, not the server's patience.
  server.requestTimeout = 0;
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
): Promise<void> {
  refuseForeigners(request);
  const sandboxId = request.headers["e2b-sandbox-id"] ?? signerOf(request, context);
  if (typeof sandboxId === "string") return serveEnvd(request, response, sandboxId, context);
  if (!isSecret(request.headers["x-api-key"], context.apiKey)) throw new ApiError(401, "Invalid API key");
  const url = new URL(request.url ?? "/", "http://control");
  const route = findControlRoute(request.method ?? "", url.pathname);
  context.count(route?.kind ?? "unsupported");
  if (!route) throw notOffered(`${request.method} ${url.pathname}`);
  refuseOtherBodies(request);
  await route.answer({ request, response, url, sandboxId: route.sandboxId }, context);
}

/** A signed address names no sandbox; its signature does. */
function signerOf(request: IncomingMessage, { cloud, envdTokenOf }: ServerContext): string | undefined {
  return findSigner(request, () => cloud.views().map((sandbox) => sandbox.sandboxId), envdTokenOf);
}

function answerFailure(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { log }: ServerContext,
): void {
  const { method, url } = request;
  if (!(error instanceof ApiError)) {
    log.error({ method, url, error: String(error) }, "A control call failed");
  } else if (error.status === 501) {
    log.warn({ method, url, error: error.message }, "A request was not offered");
  }
  request.resume();
  if (error instanceof ApiError) sendApiError(response, error);
  else sendError(response, 500, "Internal error of the local E2B stand-in");
}
