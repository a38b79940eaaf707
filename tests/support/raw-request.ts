/**
 * Owns one HTTP request exactly as given, the Host included, which Node's fetch would not send. It must never add a
 * header of its own beyond what HTTP needs, nor keep its connection.
 */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** To a port of 127.0.0.1. Rejects when the connection breaks off. */
export function rawRequest(port: number, { body = "", ...options }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

export type UpgradeOutcome =
  | { readonly kind: "upgraded"; readonly socket: Socket }
  | { readonly kind: "answered"; readonly status: number }
  | { readonly kind: "cut" };

/** A WebSocket's first request, answered by a switch of protocols, a status, or nothing. */
export function rawUpgrade(port: number, headers: OutgoingHttpHeaders): Promise<UpgradeOutcome> {
  return new Promise((resolve) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port,
      agent: false,
      headers: { connection: "Upgrade", upgrade: "websocket", ...headers },
    });
    request.on("upgrade", (_response, socket: Socket) => {
      // Whoever has the socket sees its end by "close".
      socket.on("error", () => undefined);
      resolve({ kind: "upgraded", socket });
    });
    request.on("response", (response) => {
      response.resume();
      resolve({ kind: "answered", status: response.statusCode ?? 0 });
    });
    request.on("error", () => resolve({ kind: "cut" }));
    request.end();
  });
}
