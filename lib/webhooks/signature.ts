/**
 * Owns whether a webhook's body came from E2B: sha256(secret + raw body) in `e2b-signature` (e2b.md §5.4, 2026-11-22).
 * It must never compare in a time that depends on a secret, nor look at a body that was parsed and written again.
 * Fails closed: no signature, another version, or one that cannot be read is none.
 *
 * The plain concatenation lets whoever has seen one signed body append to it (length extension), but only after bytes
 * of padding that are neither UTF-8 nor JSON: the reader of the body must stay strict about both.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** True for a body that E2B has signed with one of our secrets. */
export type IsFromE2b = (headers: Headers, rawBody: Uint8Array) => boolean;

const VERSION = "v1";

/** 32 bytes. E2B's documents show the plain alphabet and its servers use the URL's: they name the same bytes. */
const SIGNATURE = /^[A-Za-z0-9+/_-]{43}=?$/;

/** A check with these secrets: several while one takes another's place. Without any, nothing is signed. */
export function signedByE2b(secrets: readonly string[]): IsFromE2b {
  return (headers, rawBody) => {
    const signature = headers.get("e2b-signature") ?? "";
    if (headers.get("e2b-signature-version") !== VERSION || !SIGNATURE.test(signature)) return false;
    const given = Buffer.from(signature, "base64");
    // All of them are compared, so that the time tells not even which one it was.
    return secrets.map((secret) => timingSafeEqual(given, digestOf(secret, rawBody))).includes(true);
  };
}

function digestOf(secret: string, rawBody: Uint8Array): Buffer {
  return createHash("sha256").update(secret).update(rawBody).digest();
}
