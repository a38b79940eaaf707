/**
 * Owns who may speak to the stand-in: programs of this machine that hold this start's token. A page in a browser may
 * not, whatever its origin (previews run foreign code on loopback too), and neither may a name that merely resolves to
 * 127.0.0.1 (DNS rebinding). Fails closed.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isJson, isLoopbackHost, isSecret } from "@/lib/local/loopback";

export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** undefined when the request may pass. */
export function refuseRequest(headers: IncomingHttpHeaders, token: string): Refusal | undefined {
  if (!isLoopbackHost(headers.host)) {
    return { status: 403, error: "ERR the local Upstash answers to loopback addresses only" };
  }
  if (headers.origin !== undefined) {
    return { status: 403, error: "ERR the local Upstash does not answer to pages in a browser" };
  }
  const presented = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  if (!isSecret(presented, token)) {
    return { status: 401, error: "WRONGPASS invalid or missing auth token" };
  }
  if (!isJson(headers["content-type"])) {
    return { status: 415, error: "ERR the body must be application/json" };
  }
  return undefined;
}
