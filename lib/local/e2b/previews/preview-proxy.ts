/**
 * Owns the preview port: `http://<port>-<sandboxId>.e2b.localhost:PORT` leads to what listens on that port in that
 * sandbox, WebSocket upgrades included (e2b.md §3.6). Whether a sandbox may be reached, and whether that wakes it, the
 * cloud decides. It is for pages, so it must never lead to envd or to the control plane, and never to a port that is
 * not that sandbox's. Fails with E2B's answers: one 502 for "not running", another for "port not open".
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Clock } from "@/lib/clock";
import type { CallFault } from "@/lib/local/e2b/faults/fault-kinds";
import type { FaultPlan } from "@/lib/local/e2b/faults/fault-plan";
import { exchangeWithFaults, upgradeWithFaults } from "@/lib/local/e2b/faults/faulty-exchange";
import { SpoilableResponse } from "@/lib/local/e2b/faults/spoilable-response";
import { OpenConnections } from "@/lib/local/e2b/previews/open-connections";
import { type PreviewAddress, readAddress } from "@/lib/local/e2b/previews/preview-address";
import { PreviewForwarder } from "@/lib/local/e2b/previews/preview-forwarder";
import { watchForLeaving } from "@/lib/local/e2b/previews/upgrade-watch";
import type { Admission, Traffic } from "@/lib/local/e2b/semantics/admission";
import {
  answerRefusal,
  portClosed,
  type Refusal,
  refusalOf,
  refuseUpgrade,
  TRAFFIC_TOKEN_HEADER,
} from "@/lib/local/e2b/wire/traffic-refusal";
import type { Log } from "@/lib/log";

export interface PreviewTargets {
  admit(sandboxId: string, traffic: Traffic): Promise<Admission>;
  /** Connected; undefined when nothing listens there. */
  connect(sandboxId: string, port: number): Promise<Socket | undefined>;
}

export interface PreviewOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Sites: `preview`, and `preview-upgrade` for WebSockets. */
  readonly faults: FaultPlan<CallFault>;
}

export interface PreviewProxy {
  /** Not yet listening. */
  readonly server: Server;
  /** Cuts what is open to a sandbox. */
  cut(sandboxId: string): void;
  /** Cuts every upgraded connection, which a server that closes would wait for. */
  cutUpgraded(): void;
}

const ENVD_PORT = 49_983;

export function createPreviewProxy(targets: PreviewTargets, options: PreviewOptions): PreviewProxy {
  const { clock, log, faults } = options;
  const open = new OpenConnections();
  const upgraded = new Set<Socket>();
  const forwarder = new PreviewForwarder(log);

  const server = createServer({ ServerResponse: SpoilableResponse }, (request, response) => {
    const address = addressOf(request, log);
    if ("code" in address) return answerRefusal(request, response, address);
    const met = faults.next({ site: "preview", sandboxId: address.sandboxId });
    exchangeWithFaults(met, { request, response }, clock, async () => {
      const found = await reach(targets, address, request, response, open);
      if (found instanceof Socket) forwarder.web(request, response, found);
      else if (found) answerRefusal(request, response, found);
    }).catch((error: unknown) => {
      log.error({ url: request.url, error: String(error) }, "A preview request failed");
      if (response.headersSent) response.destroy();
      else answerRefusal(request, response, portClosed(address.sandboxId, address.port));
    });
  });

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // A client that breaks off is told by `close`; without a listener its error would end the process.
    socket.on("error", () => undefined);
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    const endWatch = watchForLeaving(socket);
    const address = addressOf(request, log);
    if ("code" in address) return refuseUpgrade(socket, address);
    if (request.method !== "GET" || request.headers.upgrade?.toLowerCase() !== "websocket") {
      return refuseUpgrade(socket, notOffered(`an upgrade to ${request.headers.upgrade}`, log));
    }
    const met = faults.next({ site: "preview-upgrade", sandboxId: address.sandboxId });
    upgradeWithFaults(met, socket, clock, async () => {
      const found = await reach(targets, address, request, socket, open);
      if (found instanceof Socket) return () => forwarder.upgrade(request, { socket, head, endWatch }, found);
      if (found) refuseUpgrade(socket, found);
      return undefined;
    }).catch((error: unknown) => {
      log.error({ url: request.url, error: String(error) }, "A preview upgrade failed");
      refuseUpgrade(socket, portClosed(address.sandboxId, address.port));
    });
  });

  server.requestTimeout = 0;
  return {
    server,
    cut: (sandboxId) => open.cut(sandboxId),
    cutUpgraded: () => {
      for (const socket of upgraded) socket.destroy();
    },
  };
}

/** A refusal for what names no preview. */
function addressOf(request: IncomingMessage, log: Log): PreviewAddress | Refusal {
  const reading = readAddress(request);
  if (reading.kind === "unreadable") return { code: reading.status, message: reading.message };
  if (reading.address.port === ENVD_PORT) return notOffered("envd on the preview port", log);
  return reading.address;
}

/** The open way to the server, or why there is none; undefined when the client has left meanwhile. */
async function reach(
  targets: PreviewTargets,
  { sandboxId, port }: PreviewAddress,
  request: IncomingMessage,
  client: ServerResponse | Socket,
  open: OpenConnections,
): Promise<Socket | Refusal | undefined> {
  const token = request.headers[TRAFFIC_TOKEN_HEADER];
  const traffic: Traffic = { kind: "preview", accessToken: typeof token === "string" ? token : undefined };
  const refusal = refusalOf(await targets.admit(sandboxId, traffic), sandboxId, traffic);
  if (refusal) return refusal;
  if (client.destroyed) return undefined;
  // From here on a pause cuts it. Not before: what waits for a sandbox to wake is not cut by the pause it waits for.
  open.keep(sandboxId, client);
  const upstream = await targets.connect(sandboxId, port);
  if (!upstream) return portClosed(sandboxId, port);
  // The request that uses it reports its errors; before and after, nobody else would listen.
  upstream.on("error", () => undefined);
  if (client.destroyed) {
    upstream.destroy();
    return undefined;
  }
  client.once("close", () => upstream.destroy());
  return upstream;
}

function notOffered(what: string, log: Log): Refusal {
  log.warn({ what }, "A request was not offered");
  return { code: 501, message: `The local E2B stand-in does not offer ${what}` };
}
