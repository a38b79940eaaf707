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

/** Any status from the server itself is an answer; only the proxy's own 502 is not. */
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
        signal: AbortSignal.timeout(options.deadlineMs),
        agent: false,
      },
      (response) => {
        const status = response.statusCode ?? 0;
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

/** E2B's proxy names the sandbox in its 502, and the port when the sandbox runs (e2b.md §3.6, 2026-11-22). */
function interpret(status: number, body: string): ProbeResult {
  if (status !== 502) return { kind: "answers", status };
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed && typeof parsed === "object" && "sandboxId" in parsed) {
      return { kind: "port" in parsed ? "port-closed" : "not-running" };
    }
  } catch {
    // Not JSON, so not the proxy's: the dev server itself answered 502.
  }
  return { kind: "answers", status };
}

function splitAddress(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}
