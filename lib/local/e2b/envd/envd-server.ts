/**
 * Owns the sandbox's side of the wire: envd's health, files and RPC services for the sandbox that the headers name.
 * Only calls that the cloud has admitted come here. First the token, then the user, then what is not offered says so;
 * a sandbox that was paused in between answers the proxy's 502.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@/lib/clock";
import type { E2bCloud } from "@/lib/local/e2b/cloud";
import { RpcError, sendRpcError } from "@/lib/local/e2b/envd/connect-rpc";
import { type EnvdCall, SandboxNotRunning } from "@/lib/local/e2b/envd/envd-call";
import { serveFiles } from "@/lib/local/e2b/envd/envd-files";
import { filesystemMethods } from "@/lib/local/e2b/envd/envd-filesystem";
import { inputMethods } from "@/lib/local/e2b/envd/envd-input";
import { processMethods } from "@/lib/local/e2b/envd/envd-processes";
import { watchingMethods } from "@/lib/local/e2b/envd/envd-watching";
import { ServerStream } from "@/lib/local/e2b/envd/server-stream";
import { PathRefused } from "@/lib/local/e2b/machine/sandbox-paths";
import { findUser, nameInBasicAuth, type SandboxUser } from "@/lib/local/e2b/machine/sandbox-user";
import type { Machine, ProcessMachines } from "@/lib/local/e2b/processes";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { sendError, sendJson, sendNothing } from "@/lib/local/e2b/wire/answers";
import { isSecret } from "@/lib/local/loopback";
import type { Log } from "@/lib/log";

export interface EnvdContext {
  readonly cloud: E2bCloud;
  readonly machines: ProcessMachines;
  readonly clock: Clock;
  readonly log: Log;
  envdTokenOf(sandboxId: string): string;
}

const ENVD_PORT = "49983";

const SERVICES: Readonly<Record<string, Readonly<Record<string, (call: EnvdCall) => Promise<void>>>>> = {
  "process.Process": { ...processMethods, ...inputMethods },
  "filesystem.Filesystem": { ...filesystemMethods, ...watchingMethods },
};

/** Answers every request, its failures included. */
export async function serveEnvd(
  request: IncomingMessage,
  response: ServerResponse,
  sandboxId: string,
  context: EnvdContext,
): Promise<void> {
  try {
    await dispatch(request, response, sandboxId, context);
  } catch (error) {
    answerFailure(request, response, error, context.log);
  }
}

async function dispatch(
  request: IncomingMessage,
  response: ServerResponse,
  sandboxId: string,
  context: EnvdContext,
): Promise<void> {
  const port = request.headers["e2b-sandbox-port"];
  if (port !== undefined && port !== ENVD_PORT)
    throw new ApiError(501, `Only envd's port is offered, not ${port}`);
  const refuseUnlessRunning = () => {
    if (!context.cloud.isRunning(sandboxId)) throw new SandboxNotRunning(sandboxId);
  };
  refuseUnlessRunning();
  const machine = context.machines.find(sandboxId);
  if (!machine) throw new SandboxNotRunning(sandboxId);
  const url = new URL(request.url ?? "/", "http://envd");
  if (request.method === "GET" && url.pathname === "/health") return sendNothing(response);
  const envdToken = context.envdTokenOf(sandboxId);
  const { clock, machines } = context;
  const shared = { request, response, url, machine, machines, clock, envdToken, refuseUnlessRunning };
  // Files have a second way in, by signature, and name their user in another way.
  if (url.pathname === "/files") return serveFiles({ ...(await withRoot(shared)), user: "user" });
  if (!isSecret(request.headers["x-access-token"], envdToken)) {
    throw new ApiError(401, "unauthorized access, please provide a valid access token");
  }
  const user = userOf(request);
  const [, service = "", method = ""] = url.pathname.split("/");
  const handler = request.method === "POST" ? SERVICES[service]?.[method] : undefined;
  if (!handler) throw notOfferedByEnvd(request, url, service in SERVICES);
  await handler({ ...(await withRoot(shared)), user });
}

/** Only once the caller is known: the first such call starts the container. */
async function withRoot<T extends { readonly machine: Machine }>(call: T): Promise<T & { root: string }> {
  return { ...call, root: await call.machine.container.root() };
}

function userOf(request: IncomingMessage): SandboxUser {
  const name = nameInBasicAuth(request.headers.authorization) ?? "user";
  const user = findUser(name);
  if (!user) throw new RpcError("unauthenticated", `invalid username: '${name}'`);
  return user;
}

function notOfferedByEnvd(request: IncomingMessage, url: URL, inRpc: boolean): Error {
  const message = `The local E2B stand-in's envd does not offer ${request.method} ${url.pathname}`;
  return inRpc ? new RpcError("unimplemented", message) : new ApiError(501, message);
}

function answerFailure(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const known = asKnown(error, isRpc(request));
  if (isMissingFeature(known)) {
    log.warn({ method: request.method, url: request.url, error: known.message }, "A request was not offered");
  }
  if (response.headersSent) {
    // Half an answer cannot be taken back; a cut connection at least does not look complete.
    log.error({ url: request.url, error: String(error) }, "An envd answer broke off");
    response.destroy();
    return;
  }
  // What is left of the body is read and dropped, or the client could not read the answer.
  request.resume();
  if (known instanceof SandboxNotRunning) {
    sendJson(response, 502, { sandboxId: known.sandboxId, message: known.message, code: 502 });
  } else if (known instanceof ApiError) {
    sendError(response, known.status, known.message);
  } else if (known instanceof RpcError) {
    answerRpcError(request, response, known);
  } else {
    log.error({ url: request.url, error: String(error) }, "An envd request failed");
    const message = "Internal error of the local E2B stand-in";
    if (isRpc(request)) answerRpcError(request, response, new RpcError("internal", message));
    else sendError(response, 500, message);
  }
}

function isRpc(request: IncomingMessage): boolean {
  return Object.keys(SERVICES).some((service) => request.url?.startsWith(`/${service}/`));
}

/** A stream carries its error inside; its status is always 200. */
function answerRpcError(request: IncomingMessage, response: ServerResponse, error: RpcError): void {
  if (request.headers["content-type"]?.startsWith("application/connect+json")) {
    new ServerStream(response).end(error);
  } else {
    sendRpcError(response, error);
  }
}

/** What a client can do something about, in the error of its protocol. */
function asKnown(error: unknown, inRpc: boolean): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const refused = error instanceof PathRefused || isAboutPath(error);
  const message = wordsOf(error);
  if (refused && inRpc) return new RpcError("invalid_argument", message);
  if (refused) return new ApiError(400, message);
  if (isDenied(error)) return inRpc ? new RpcError("permission_denied", message) : new ApiError(403, message);
  if ("code" in error && error.code === "ENOSPC") {
    const full = "not enough disk space available";
    return inRpc ? new RpcError("internal", full) : new ApiError(507, full);
  }
  return error;
}

/** A file where a folder should be, or the other way round. */
function isAboutPath(error: Error): boolean {
  return "code" in error && ["ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG"].includes(String(error.code));
}

/** This machine's own folders are shown read-only, and some files of them not at all. */
function isDenied(error: Error): boolean {
  return "code" in error && ["EROFS", "EACCES", "EPERM"].includes(String(error.code));
}

/** Node's words end with the path as this machine has it, which is nobody's business inside. */
function wordsOf(error: Error): string {
  return error instanceof PathRefused ? error.message : error.message.replace(/, \w+ '.*$/s, "");
}

function isMissingFeature(error: Error): boolean {
  if (error instanceof ApiError) return error.status === 501;
  return error instanceof RpcError && error.code === "unimplemented";
}
