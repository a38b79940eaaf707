/**
 * Owns a preview proxy before a fake cloud: who is let in is as told, and a real server on loopback stands for the one in
 * the sandbox. It must never outlive its test.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createConnection, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { systemClock } from "@/lib/clock";
import type { CallFault } from "@/lib/local/e2b/faults/fault-kinds";
import { FaultPlan } from "@/lib/local/e2b/faults/fault-plan";
import { createPreviewProxy } from "@/lib/local/e2b/previews/preview-proxy";
import type { Admission, Traffic } from "@/lib/local/e2b/semantics/admission";
import type { Log } from "@/lib/log";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";

export const SWITCHING_PROTOCOLS =
  "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";

type Admit = (sandboxId: string, traffic: Traffic) => Promise<Admission>;

export interface PreviewStage {
  readonly port: number;
  readonly proxy: ReturnType<typeof createPreviewProxy>;
  readonly faults: FaultPlan<CallFault>;
  /** What the cloud was asked, in order. */
  readonly asked: { sandboxId: string; traffic: Traffic }[];
  readonly warnings: string[];
  /** Connections of the server in the sandbox, as they are now. */
  readonly upstream: Set<Socket>;
  /** Requests that reached the server in the sandbox. */
  readonly reached: string[];
}

/** `serve` is the server on port 3000 of every sandbox; on other ports nobody listens. */
export async function previewStage(
  admit: Admit = async () => ({ kind: "open" }),
  serve: (server: Server) => void = (server) =>
    server.on("request", (request, response) => response.end(`answer to ${request.url}`)),
): Promise<PreviewStage> {
  const upstream = new Set<Socket>();
  const reached: string[] = [];
  const server = createServer();
  serve(server);
  server.on("connection", (socket: Socket) => {
    upstream.add(socket);
    // As servers do: Node's own leaves an upgraded connection half open.
    socket.once("end", () => socket.end());
    socket.once("close", () => upstream.delete(socket));
  });
  for (const event of ["request", "upgrade"]) {
    server.on(event, (request: { url?: string }) => reached.push(request.url ?? ""));
  }
  const realPort = await listen(server, () => {
    for (const socket of upstream) socket.destroy();
  });

  const asked: PreviewStage["asked"] = [];
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => warnings.push(message) };
  const faults = new FaultPlan<CallFault>(seededRandom(5));
  const proxy = createPreviewProxy(
    {
      admit: (sandboxId, traffic) => {
        asked.push({ sandboxId, traffic });
        return admit(sandboxId, traffic);
      },
      connect: async (_sandboxId, port) => (port === 3000 ? connectTo(realPort) : undefined),
    },
    { clock: systemClock, log, faults },
  );
  const port = await listen(proxy.server, () => proxy.cutUpgraded());
  return { port, proxy, faults, asked, warnings, upstream, reached };
}

async function connectTo(port: number): Promise<Socket> {
  const socket = createConnection({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  return socket;
}

async function listen(server: Server, cut: () => void): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    cut();
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return address.port;
}
