/**
 * Owns JSON in its canonical form (RFC 8785), which the SDK signs and checks instead of the bytes it was sent
 * (inngest.md §3.6). JavaScript already writes numbers and texts in that form, so only the order of the keys is left;
 * it must be that of UTF-16 code units, also for keys that look like numbers. Takes what `JSON.parse` gave; cannot fail.
 */

/** The same text for equal values, whatever order their keys were written in. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]): [string, string] => [
    key,
    canonicalJson(member),
  ]);
  const sorted = members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}
