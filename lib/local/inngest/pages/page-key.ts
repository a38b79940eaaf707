/**
 * Owns the key that the buttons of the engine's pages carry: random at each start, known only to who can read such a
 * page, which no page of another origin can. It must never come from the engine's seeded random source. Fails closed.
 */
import { isSecret } from "@/lib/local/loopback";
import { systemRandom } from "@/lib/random";
import { type Html, html } from "./html";

export interface PageKey {
  /** To be put into every form that changes something. */
  readonly field: Html;
  isIn(form: URLSearchParams): boolean;
}

export function createPageKey(): PageKey {
  const key = systemRandom.hex(32);
  return {
    field: html`<input type="hidden" name="key" value="${key}">`,
    isIn: (form) => isSecret(form.get("key") ?? undefined, key),
  };
}
