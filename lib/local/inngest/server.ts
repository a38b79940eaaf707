/**
 * Owns the loopback listener in front of the API. It must never listen on another interface, nor read a body without
 * end. Fails closed: a taken port rejects; an error inside answers 500 and is logged.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Log } from "@/lib/log";
import type { Api } from "./api";
import type { ApiResponse } from "./http-message";

export interface Listener {
  readonly url: string;
  close(): Promise<void>;
}

/** The hard limit of an event is 512 KB; a send may hold many. */
const LARGEST_BODY_BYTES = 16 * 1024 * 1024;

/** @throws Error with code EADDRINUSE when the port is taken. */
export async function listen(api: Api, port: number, log: Log): Promise<Listener> {
  const server = createServer((request, response) => {
    void answer(api, request, log).then(({ status, headers, body }) => {
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => close(server) };
}

async function answer(api: Api, request: IncomingMessage, log: Log): Promise<ApiResponse> {
  try {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const body = await readBody(request);
    if (body === null) return plain(413, "The body is too large");
    return api({
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: Object.fromEntries(headers),
      body,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error(
      { method: request.method, path: request.url, reason },
      "The embedded Inngest engine failed a request",
    );
    return plain(500, "The embedded Inngest engine failed; its log says why");
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > LARGEST_BODY_BYTES) return null;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const plain = (status: number, error: string): ApiResponse => ({
  status,
  headers: { "content-type": "application/json", connection: "close" },
  body: JSON.stringify({ error }),
});

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The listener has no port");
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
