/**
 * Owns passing one preview request on through a connection that is already open, WebSocket upgrades included. It must
 * never use a connection twice: after a pause or a kill, a kept one leads to something that is no more. A server that
 * breaks off before it has answered is E2B's 502 "port is not open"; later the client's connection is cut.
 */
import { Agent, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createProxyServer, type ProxyServer } from "httpxy";
import { readAddress } from "@/lib/local/e2b/previews/preview-address";
import { answerRefusal, portClosed } from "@/lib/local/e2b/wire/traffic-refusal";
import type { Log } from "@/lib/log";

export interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
  /** To be called before the socket is read. */
  endWatch(): void;
}

export class PreviewForwarder {
  private readonly proxy: ProxyServer = createProxyServer();

  constructor(private readonly log: Log) {
    this.proxy.on("error", (error, request, response) => {
      log.info({ url: request?.url, error: String(error) }, "A preview request broke off");
      answerBreak(request, response);
    });
  }

  web(request: IncomingMessage, response: ServerResponse, upstream: Socket): void {
    this.settle(this.proxy.web(request, response, through(upstream)));
  }

  upgrade(request: IncomingMessage, { socket, head, endWatch }: Upgrade, upstream: Socket): void {
    // Called at once, in `ws`, so that it is ended before the proxy itself hears of the answer and reads.
    this.proxy.once("proxyReqWs", (upgrading) => {
      upgrading.once("upgrade", endWatch);
      upgrading.once("response", endWatch);
    });
    this.settle(this.proxy.ws(request, socket, through(upstream), head));
  }

  private settle(forwarding: Promise<void>): void {
    forwarding.catch((error: unknown) => {
      // The "error" event has answered already; this promise says the same once more.
      this.log.info({ error: String(error) }, "A preview request was not forwarded");
    });
  }
}

/** The agent gives the connection; the target is only what Node wants to see. */
function through(upstream: Socket) {
  return { target: "http://127.0.0.1", agent: new ConnectedAgent(upstream) };
}

class ConnectedAgent extends Agent {
  constructor(private readonly connected: Socket) {
    super({ keepAlive: false });
  }

  override createConnection(): Socket {
    return this.connected;
  }
}

function answerBreak(
  request: IncomingMessage | undefined,
  response: ServerResponse | Socket | undefined,
): void {
  const reading = request && readAddress(request);
  if (request && reading?.kind === "address" && response instanceof ServerResponse && !response.headersSent) {
    answerRefusal(request, response, portClosed(reading.address.sandboxId, reading.address.port));
  } else {
    response?.destroy();
  }
}
