/**
 * Owns signatures between server and SDK in cloud mode (inngest.md §3.6): an HMAC over the body and the second, and the
 * hashed key that the SDK shows when it calls. It must never compare secrets in a time that depends on them. Fails
 * closed: what cannot be read as a signature is none.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What the server of an Inngest environment knows; the fallback is the old key while keys are rotated. */
export interface SigningKeys {
  /** Such as "signkey-test-00ff…": a prefix, then hexadecimal. */
  readonly signingKey: string;
  readonly signingKeyFallback?: string;
}

/** Both sides take five minutes' difference between their clocks, in both directions. */
const TOLERANCE_MS = 5 * 60_000;

/** The header for a text; what the server sends is signed in canonical form, what the SDK answers as it is. */
export function signatureOf(text: string, key: string, now: number): string {
  const seconds = String(Math.floor(now / 1000));
  return `t=${seconds}&s=${digest(text, key, seconds)}`;
}

/** True if the header is this key's signature of the text, made within five minutes of `now`. */
export function isSignedWith(text: string, key: string, header: string | undefined, now: number): boolean {
  const parts = new URLSearchParams(header ?? "");
  const seconds = parts.get("t") ?? "";
  if (!/^\d+$/.test(seconds) || Math.abs(now - Number(seconds) * 1000) > TOLERANCE_MS) return false;
  return areEqual(parts.get("s") ?? "", digest(text, key, seconds));
}

/** True if an `Authorization` header shows one of the keys, hashed. */
export function isAuthorized({ signingKey, signingKeyFallback }: SigningKeys, header: string | undefined) {
  const keys = signingKeyFallback === undefined ? [signingKey] : [signingKey, signingKeyFallback];
  return keys.some((key) => areEqual(header ?? "", `Bearer ${hashedKey(key)}`));
}

const PREFIX = /^signkey-\w+-/;

function digest(text: string, key: string, seconds: string): string {
  return createHmac("sha256", key.replace(PREFIX, "")).update(text).update(seconds).digest("hex");
}

/** The SDK hashes the bytes that the hexadecimal stands for, and keeps the prefix. */
function hashedKey(key: string): string {
  const [prefix = ""] = PREFIX.exec(key) ?? [];
  return `${prefix}${createHash("sha256").update(key.replace(PREFIX, ""), "hex").digest("hex")}`;
}

function areEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
