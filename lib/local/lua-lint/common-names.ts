/**
 * Owns the list of library names that a script may count on: Lua 5.1 has them, and so have Redis, Upstash and the in-process
 * engine. For those that somebody may reach for all the same, why not and what instead. Data.
 */

/** By library; `""` are the names that stand alone. */
const commonNames: Readonly<Record<string, ReadonlySet<string>>> = {
  "": new Set(
    "KEYS ARGV assert error ipairs next pairs pcall rawequal rawget rawset select setmetatable tonumber tostring type unpack".split(
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
  "table.unpack": "is 5.2's; use unpack",
  "table.getn": "was given up by 5.1; use #",
  "table.maxn": "was given up by 5.2; use #",
  "math.pow": "is an operator; use ^",
  "math.mod": "was given up by 5.1; use %",
  "math.random": "is another sequence in each engine; hand the number in by ARGV",
  loadstring: "compiles text, and a script runs no text",
  load: "compiles text, and a script runs no text",
  setfenv: "is not for scripts of Redis",
  getfenv: "is not for scripts of Redis",
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
  return `${fullName} ${reasons[fullName] ?? "is none that a script may count on"}`;
}
