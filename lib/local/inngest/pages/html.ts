/**
 * Owns the making of HTML from data: everything that is put into a template is escaped, in text and in quoted
 * attributes, unless it was made by a template itself. It must never offer a way around that: event data comes from
 * whoever may send events. Pure; cannot fail.
 */

/** Markup that a template made. */
class TemplateMarkup {
  constructor(readonly markup: string) {}
}

/** Only the type leaves this file, so only a template can make one. */
export type Html = TemplateMarkup;

export type Fragment = Html | string | number | null | readonly Fragment[];

/** Use as html`<p class="${name}">${text}</p>`: attributes have to be in double quotes. */
export const html = (strings: TemplateStringsArray, ...values: readonly Fragment[]): Html =>
  new TemplateMarkup(strings.map((text, index) => text + markupOf(values[index] ?? null)).join(""));

function markupOf(value: Fragment): string {
  if (value === null) return "";
  if (value instanceof TemplateMarkup) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return value.map(markupOf).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
