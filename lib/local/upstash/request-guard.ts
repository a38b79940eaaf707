/**
 * Owns who may speak to the stand-in: programs of this machine that hold this start's token. A page in a browser may
 * not, whatever its origin (previews run foreign code on loopback too), and neither may a name that merely resolves to
 * 127.0.0.1 (DNS rebinding). Fails closed.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface Refusal {
  readonly status: number;
  readonly error: string;
}

/** undefined when the request may pass. */
export function refuseRequest(headers: IncomingHttpHeaders, token: string): Refusal | undefined {
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers.host ?? "")) {
    return { status: 403, error: "ERR the local Upstash answers to loopback addresses only" };
  }
  if (headers.origin !== undefined) {
    return { status: 403, error: "ERR the local Upstash does not answer to pages in a browser" };
  }
  const presented = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  if (presented === undefined || !isSameSecret(presented, token)) {
    return { status: 401, error: "WRONGPASS invalid or missing auth token" };
  }
  if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    return { status: 415, error: "ERR the body must be application/json" };
  }
  return undefined;
}

/** Hashing first gives both the same length, so the comparison's time tells nothing. */
function isSameSecret(presented: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(presented), digest(expected));
}
