/** Owns Redis's glob patterns for SCAN: `*`, `?`, `[a-c]`, `[^a]`, and a backslash before a literal. Cannot fail. */
import type { Bytes } from "../bytes";

export function globMatcher(pattern: Bytes): (text: Bytes) => boolean {
  const source = pattern.replace(
    /\\([\s\S])|\[(\^?)((?:\\[\s\S]|[^\]\\])*)\]|([\s\S])/g,
    (
      _whole,
      escaped: string | undefined,
      negation: string | undefined,
      set: string | undefined,
      plain: string,
    ) => {
      if (escaped !== undefined) return literal(escaped);
      if (set !== undefined) return `[${negation ?? ""}${set.replace(/[[\]^]/g, "\\$&")}]`;
      if (plain === "*") return "[\\s\\S]*";
      return plain === "?" ? "[\\s\\S]" : literal(plain);
    },
  );
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

const literal = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
