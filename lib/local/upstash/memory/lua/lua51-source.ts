/**
 * Owns making a script mean in fengari (Lua 5.3, integers of 32 bits) what it means in Redis (Lua 5.1, every number a
 * double): each integer literal becomes a float literal, so that arithmetic never wraps. Without it,
 * `1763800000 * 1000` is -1431558656 (observed with fengari 0.1.5, 2026-11-22), also after constant folding, which is
 * why this happens before the compiler and not after.
 * Fails closed: an operator that only 5.3 has is refused, since the real Redis would refuse it.
 */

/** In order: comments, strings, names, dots, numerals, operators of two characters, and what only 5.3 knows. */
const tokens = new RegExp(
  [
    /--\[(?<commentLevel>=*)\[[\s\S]*?\]\k<commentLevel>\]/,
    /--[^\n]*/,
    /\[(?<stringLevel>=*)\[[\s\S]*?\]\k<stringLevel>\]/,
    /"(?:\\[\s\S]|[^"\\])*"/,
    /'(?:\\[\s\S]|[^'\\])*'/,
    /(?<name>[A-Za-z_]\w*)/,
    /(?<hex>0[xX][0-9a-fA-F]+)/,
    /(?<integer>\d+)(?![\d.eExX])/,
    /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/,
    /\.{2,3}/,
    /~=/,
    /(?<newer>\/\/|<<|>>|[&|~])/,
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

export class NewerLuaError extends Error {}

/** The same program with the same line numbers. @throws NewerLuaError for operators that Lua 5.1 does not have. */
export function lua51Source(source: string): string {
  return source.replace(tokens, (...match: unknown[]) => {
    const text = String(match[0]);
    const groups = readGroups(match.at(-1));
    const newer = groups.newer ?? (groups.name === "goto" ? "goto" : undefined);
    if (newer !== undefined) {
      const line = source.slice(0, Number(match.at(-3))).split("\n").length;
      throw new NewerLuaError(`user_script:${line}: '${newer}' is not in Lua 5.1`);
    }
    if (groups.hex !== undefined) return `${Number(groups.hex)}.0`;
    return groups.integer === undefined ? text : `${text}.0`;
  });
}

function readGroups(value: unknown): Record<string, string | undefined> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
