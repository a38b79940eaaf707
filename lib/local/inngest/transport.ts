/**
 * Owns how one request reaches the app that serves the functions: over HTTP, or straight into a fetch-style serve
 * handler in this process, so that simulated months need no sockets. It must never retry or interpret an answer:
 * `call.ts` does. Fails by rejecting with the transport's own error, which the engine counts as a network failure.
 */

export interface TransportRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Fires when the engine stops; the answer is not wanted any more. */
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

/** What `serve` of "inngest/edge" returns, and what any of a Next.js route's `GET`, `POST`, `PUT` can be called as. */
export type ServeHandler = (request: Request) => Promise<Response>;

export const httpTransport: Transport = async ({ url, method, headers, body, signal }) =>
  plain(await fetch(url, { method, headers, body, signal, redirect: "manual" }));

/** Answers through the handler without a socket; the URL only has to be one that the SDK can parse. */
export function inProcessTransport(handler: ServeHandler): Transport {
  return async ({ url, method, headers, body, signal }) => {
    // The SDK's fetch-style adapters read the host header, which a real server always has (4.24.0, 2026-11-23).
    const complete = { host: new URL(url).host, ...headers };
    const init = { method, headers: complete, ...(method === "GET" ? {} : { body }) };
    return plain(await Promise.race([handler(new Request(url, init)), rejection(signal)]));
  };
}

/** A handler in this process need not heed the signal, and a stopping engine must not wait for it. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

async function plain(response: Response): Promise<TransportResponse> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers.entries()),
    body: await response.text(),
  };
}
