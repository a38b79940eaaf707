/**
 * Owns who may speak to the stand-in at all, in E2B's error shape. It listens on loopback, but so does every page in the
 * developer's browser: a `Host` that is not loopback is a rebinding attack, an `Origin` is a page, and a body that is
 * not JSON is what a page may post without asking. Fails closed, before anything is looked up.
 */
import type { IncomingMessage } from "node:http";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { isJson, isLoopbackHost } from "@/lib/local/loopback";

/** Throws `ApiError` 421 or 403 for what does not come from a local program. */
export function refuseForeigners(request: IncomingMessage): void {
  if (!isLoopbackHost(request.headers.host)) throw new ApiError(421, "Only loopback hosts are served here");
  // The SDK runs in Node and sends none; there is no page of ours that talks to this port.
  if (request.headers.origin !== undefined) throw new ApiError(403, "Requests from pages are refused");
}

/** Throws `ApiError` 415 for a body that a page could post without a preflight. */
export function refuseOtherBodies(request: IncomingMessage): void {
  if (request.method === "GET" || request.method === "DELETE") return;
  if (!isJson(request.headers["content-type"])) throw new ApiError(415, "Only application/json is accepted");
}
