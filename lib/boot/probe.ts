/**
 * Owns the question "does the dev server answer at its preview address?", asked over the network as a browser would.
 * It must never be asked to find out whether a sandbox runs (on a sandbox with auto-resume it would wake it; that is
 * `observe`'s matter), and never follows a redirect. Fails closed: anything but an answer is "not yet".
 */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface ProbeOptions {
  /** "host:port" to connect to instead of what the URL's name resolves to; the Host header stays the URL's. */
  readonly connectTo?: string;
  readonly deadlineMs: number;
}

export type ProbeResult =
  | { readonly kind: "answers"; readonly status: number }
  /** The sandbox runs and nothing listens at the port. */
  | { readonly kind: "port-closed" }
  /** The provider's proxy has no such running sandbox. */
  | { readonly kind: "not-running" }
  | { readonly kind: "unreachable" };

/** Any status from the server itself is an answer; only what the proxy says in its place is not. */
export function probe(url: string, options: ProbeOptions): Promise<ProbeResult> {
  const target = new URL(url);
  const connect = options.connectTo ? splitAddress(options.connectTo) : undefined;
  const send = target.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(
      {
        protocol: target.protocol,
        host: connect?.host ?? target.hostname,
        port: connect?.port ?? target.port,
        path: `${target.pathname}${target.search}`,
        method: "GET",
        // Without text/html: the proxy would answer a page, which cannot be told from the dev server's own.
        headers: { host: target.host, accept: "application/json, */*;q=0.5" },
        // A budget that ran out between the caller's look and this line is a passed deadline, not a mistake.
        signal: AbortSignal.timeout(Math.max(0, options.deadlineMs)),
        agent: false,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        if (!proxyStatuses.has(status)) {
          // The head is the answer: a page that streams for ever answers too.
          response.destroy();
          resolve({ kind: "answers", status });
          return;
        }
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(interpret(status, Buffer.concat(chunks).toString("utf8"))));
        response.on("error", () => resolve({ kind: "unreachable" }));
      },
    );
    request.on("error", () => resolve({ kind: "unreachable" }));
    request.end();
  });
}

/** Port closed or sandbox gone, and "still transitioning" (e2b.md §3.6, 2026-11-22). */
const proxyStatuses: ReadonlySet<number> = new Set([502, 409]);

/** E2B's proxy names the sandbox in its refusals, and the port when the sandbox runs (e2b.md §3.6, 2026-11-22). */
function interpret(status: number, body: string): ProbeResult {
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed && typeof parsed === "object" && "sandboxId" in parsed) {
      if (status === 409) return { kind: "unreachable" };
      return { kind: "port" in parsed ? "port-closed" : "not-running" };
    }
  } catch {
    // Not JSON, so not the proxy's: the dev server itself answered.
  }
  return { kind: "answers", status };
}

function splitAddress(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}
