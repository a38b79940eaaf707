/**
 * Owns passing one preview request on through a connection that is already open, WebSocket upgrades included. It must
 * never use a connection twice: after a pause or a kill, a kept one leads to something that is no more. A server that
 * breaks off before it has answered is E2B's 502 "port is not open"; later the client's connection is cut.
 */
import { Agent, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createProxyServer, type ProxyServer } from "httpxy";
import { readAddress } from "@/lib/local/e2b/previews/preview-address";
import { answerRefusal, portClosed, refuseUpgrade } from "@/lib/local/e2b/wire/traffic-refusal";
import type { Log } from "@/lib/log";

export interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
  /** To be called before the socket is read. */
  endWatch(): void;
}

export class PreviewForwarder {
  private readonly proxy: ProxyServer = createProxyServer();

  /** Sockets of upgrades that nothing has been answered on: Node has no `headersSent` for them. */
  private readonly unanswered = new WeakSet<Socket>();

  constructor(private readonly log: Log) {
    this.proxy.on("error", (error, request, response) => {
      log.info({ url: request?.url, error: String(error) }, "A preview request broke off");
      if (request && response) this.answerBreak(request, response);
      else response?.destroy();
    });
  }

  web(request: IncomingMessage, response: ServerResponse, upstream: Socket): void {
    this.settle(this.proxy.web(request, response, through(upstream)));
  }

  upgrade(request: IncomingMessage, { socket, head, endWatch }: Upgrade, upstream: Socket): void {
    // Called at once, in `ws`, so that it is ended before the proxy itself hears of the answer and reads.
    this.proxy.once("proxyReqWs", (upgrading) => {
      for (const answer of ["upgrade", "response"]) {
        upgrading.once(answer, () => {
          this.unanswered.delete(socket);
          endWatch();
        });
      }
    });
    this.unanswered.add(socket);
    this.settle(this.proxy.ws(request, socket, through(upstream), head));
  }

  private answerBreak(request: IncomingMessage, response: ServerResponse | Socket): void {
    const reading = readAddress(request);
    if (reading.kind === "unreadable") return void response.destroy();
    const refusal = portClosed(reading.address.sandboxId, reading.address.port);
    if (response instanceof ServerResponse) {
      if (response.headersSent) response.destroy();
      else answerRefusal(request, response, refusal);
    } else if (this.unanswered.delete(response)) {
      refuseUpgrade(response, refusal);
    } else {
      response.destroy();
    }
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
