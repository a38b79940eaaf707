/**
 * Owns the three facts by which every stand-in tells a program of this machine from a web page: the `Host` is loopback
 * (a name that merely resolves there is DNS rebinding), the body is JSON (which a page cannot post across origins
 * without asking first), and a secret is the expected one. Each stand-in's guard refuses in its own service's words.
 * Pure; fails closed: what is missing is not loopback, not JSON, not the secret.
 */
import { createHash, timingSafeEqual } from "node:crypto";

export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host);
}

export function isJson(contentType: string | undefined): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

/** In constant time; hashed first, so that the length of the secret does not show either. */
export function isSecret(given: string | string[] | undefined, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(typeof given === "string" ? given : ""), digest(secret));
}
