/**
 * Owns who asks. Until access control lands, this app runs on a laptop only and everybody there is the user `local`;
 * a production start is refused elsewhere (app/rekindle.ts). Fails closed: a request that did not come to a loopback
 * name is nobody's, so a page that points its own name at this machine (DNS rebinding) reaches nothing.
 */
import type { Authorize } from "@/lib";

export const localUser = "local";

export const authorize: Authorize = async (request) =>
  isLoopbackHost(request.headers.get("host")) ? localUser : undefined;

/** A `Host` header's name without its port; sub-domains of localhost are previews, which are not us. */
function isLoopbackHost(host: string | null): boolean {
  const name = host?.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "127.0.0.1" || name === "[::1]";
}
