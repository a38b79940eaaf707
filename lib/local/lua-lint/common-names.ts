/**
 * Owns the list of library names that mean the same in Lua 5.1 (Redis, Upstash) and in 5.3 (fengari, in the local cloud)
 * and exist in every Redis, and for those that somebody may reach for all the same, why not and what instead. Data.
 */

/** By library; `""` are the names that stand alone. */
const commonNames: Readonly<Record<string, ReadonlySet<string>>> = {
  "": new Set(
    "KEYS ARGV assert error ipairs next pairs pcall rawequal rawget rawset select setmetatable tonumber tostring type".split(
      " ",
    ),
  ),
  redis: new Set("call pcall error_reply status_reply sha1hex".split(" ")),
  cjson: new Set("encode decode null".split(" ")),
  string: new Set("byte char find format gmatch gsub len lower match rep reverse sub upper".split(" ")),
  table: new Set("concat insert remove sort".split(" ")),
  math: new Set("abs ceil floor fmod huge max min modf sqrt".split(" ")),
};

/** Full names; for any other the lint says that it is not common. */
const reasons: Readonly<Record<string, string>> = {
  unpack: "is 5.1's, and table.unpack 5.3's; write the arguments out",
  "table.unpack": "is 5.3's, and unpack 5.1's; write the arguments out",
  "table.getn": "is gone in 5.3; use #",
  "table.maxn": "is gone in 5.3; use #",
  "math.pow": "is gone in 5.3; use ^",
  "math.mod": "is gone in 5.3; use %",
  "math.random": "is another sequence in each engine; hand the number in by ARGV",
  loadstring: "is gone in 5.3, and a script runs no text",
  load: "takes text in 5.3 only, and a script runs no text",
  setfenv: "is gone in 5.3",
  getfenv: "is gone in 5.3",
  "redis.log": "is in no document of Upstash; answer what is to be known",
  bit: "is Redis's own library and not documented by Upstash",
  cmsgpack: "is Redis's own library and not documented by Upstash",
  struct: "is Redis's own library and not documented by Upstash",
  "string.pack": "is 5.3's",
  "math.tointeger": "is 5.3's",
  "math.type": "is 5.3's",
  utf8: "is 5.3's",
};

export const isLibrary = (name: string): boolean => name !== "" && commonNames[name] !== undefined;

/** undefined when the name is common; `library` is "" for what stands alone. */
export function refuseName(library: string, name: string): string | undefined {
  if (commonNames[library]?.has(name) || (library === "" && isLibrary(name))) return undefined;
  const fullName = library === "" ? name : `${library}.${name}`;
  return `${fullName} ${reasons[fullName] ?? "is not in both Luas"}`;
}
