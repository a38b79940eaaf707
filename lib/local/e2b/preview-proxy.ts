/**
 * Owns the preview port: `http://<port>-<sandboxId>.e2b.localhost:PORT` leads to what listens on that port in that
 * sandbox, WebSocket upgrades included (e2b.md §3.6). It must never wake a sandbox, and never lead to a port that is
 * not that sandbox's. Fails with E2B's 502: one text for "not running", another for "port not open".
 */
import { Agent, createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createProxyServer, type ProxyServer } from "httpxy";
import { sendError, sendJson } from "@/lib/local/e2b/answers";
import type { Log } from "@/lib/log";

export interface PreviewTargets {
  isRunning(sandboxId: string): boolean;
  /** Undefined when nothing listens there. */
  connect(sandboxId: string, port: number): Promise<Socket | undefined>;
}

export interface PreviewProxy {
  /** Not yet listening. */
  readonly server: Server;
  /** Cuts what is open to a sandbox, as a pause does: a socket to processes that stand still would hang for ever. */
  cut(sandboxId: string): void;
}

interface Address {
  readonly port: number;
  readonly sandboxId: string;
}

type Finding = { readonly kind: "open"; readonly socket: Socket } | { readonly kind: "gone" | "closed" };

const HOST = /^(\d{1,5})-([a-z0-9]+)\.e2b\.localhost(?::\d+)?$/i;

export function createPreviewProxy(targets: PreviewTargets, log: Log): PreviewProxy {
  const open = new Map<string, Set<{ destroy(): unknown }>>();
  // No pooling: after a pause or a kill, a kept connection leads to something that is no more.
  const proxy = createProxyServer({});
  proxy.on("error", (error, request, response) => {
    log.info({ url: request?.url, error: String(error) }, "A preview request broke off");
    answerBreak(request, response);
  });
  const server = createServer(async (request, response) => {
    const address = readHost(request);
    if (!address) return sendError(response, 421, "Expected a host like 3000-<sandboxId>.e2b.localhost");
    const found = await find(targets, address);
    if (found.kind !== "open") return answerUnreachable(request, response, address, found.kind);
    keep(open, address.sandboxId, response);
    forward(proxy.web(request, response, { target: TARGET, agent: agentOf(found.socket) }), log);
  });
  server.on("upgrade", async (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const address = readHost(request);
    const found = address ? await find(targets, address) : undefined;
    if (!address || found?.kind !== "open") {
      socket.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    keep(open, address.sandboxId, socket);
    forward(proxy.ws(request, socket, { target: TARGET, agent: agentOf(found.socket) }, head), log);
  });
  server.requestTimeout = 0;
  const cut = (sandboxId: string) => {
    for (const connection of [...(open.get(sandboxId) ?? [])]) connection.destroy();
  };
  return { server, cut };
}

async function find(targets: PreviewTargets, { port, sandboxId }: Address): Promise<Finding> {
  if (!targets.isRunning(sandboxId)) return { kind: "gone" };
  const socket = await targets.connect(sandboxId, port);
  return socket === undefined ? { kind: "closed" } : { kind: "open", socket };
}

function readHost(request: IncomingMessage): Address | undefined {
  const match = HOST.exec(request.headers.host ?? "");
  return match ? { port: Number(match[1]), sandboxId: (match[2] ?? "").toLowerCase() } : undefined;
}

const TARGET = "http://127.0.0.1:1";

function agentOf(socket: Socket): Agent {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => socket;
  return agent;
}

function forward(forwarding: ReturnType<ProxyServer["web"]>, log: Log): void {
  forwarding.catch((error: unknown) => {
    // The "error" event has answered already; this promise says the same once more.
    log.info({ error: String(error) }, "A preview request was not forwarded");
  });
}

function keep(
  open: Map<string, Set<{ destroy(): unknown }>>,
  sandboxId: string,
  connection: ServerResponse | Socket,
): void {
  const connections = open.get(sandboxId) ?? new Set();
  open.set(sandboxId, connections.add(connection));
  connection.once("close", () => {
    connections.delete(connection);
    if (connections.size === 0) open.delete(sandboxId);
  });
}

function answerBreak(
  request: IncomingMessage | undefined,
  response: ServerResponse | Socket | undefined,
): void {
  const address = request && readHost(request);
  if (address && response instanceof ServerResponse && !response.headersSent) {
    answerUnreachable(request, response, address, "closed");
  } else {
    response?.destroy();
  }
}

function answerUnreachable(
  request: IncomingMessage,
  response: ServerResponse,
  { port, sandboxId }: Address,
  why: "gone" | "closed",
): void {
  const message =
    why === "gone" ? "The sandbox was not found" : "The sandbox is running but port is not open";
  if (request.headers.accept?.includes("text/html")) {
    const page = `<!doctype html><meta charset="utf-8"><title>502</title><h1>${message}</h1><p>Sandbox ${sandboxId}, port ${port}.</p>`;
    response.writeHead(502, { "content-type": "text/html; charset=utf-8" }).end(page);
    return;
  }
  const body = why === "gone" ? { sandboxId, message } : { sandboxId, message, port };
  sendJson(response, 502, { ...body, code: 502 });
}
