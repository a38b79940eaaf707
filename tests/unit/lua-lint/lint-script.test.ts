/** The lint catches each thing by which Lua 5.1 and 5.3 part ways and says its line. */
import { describe, expect, test } from "vitest";
import { lintScript } from "@/lib/local/lua-lint/lint-script";

const caught: [string, string, RegExp][] = [
  ["integer division", "return 7 // 2", /no Lua 5\.1/],
  ["bitwise and", "return 1 & 2", /no Lua 5\.1/],
  ["bitwise or", "return 1 | 2", /no Lua 5\.1/],
  ["bitwise exclusive or", "return 1 ~ 2", /no Lua 5\.1/],
  ["bitwise not", "return ~1", /no Lua 5\.1/],
  ["shifts", "return 1 << 2", /no Lua 5\.1/],
  ["goto", "goto done\n::done::", /no Lua 5\.1/],
  ["a label", "::done::", /no Lua 5\.1/],
  ["a variable named goto", "local goto = 1", /no Lua 5\.3/],
  ["an escape that only 5.1 lets pass", "return 'a\\q'", /no Lua 5\.3/],
  ["what is no Lua", "return (", /no Lua 5\.1/],
  ["unpack", "return redis.call('DEL', unpack(KEYS))", /^unpack is 5\.1's/],
  ["table.unpack", "return redis.call('DEL', table.unpack(KEYS))", /^table\.unpack is 5\.3's/],
  ["table.pack", "return table.pack(1)", /^table\.pack is not in both/],
  ["table.getn", "return table.getn(KEYS)", /^table\.getn is gone/],
  ["table.maxn", "return table.maxn(KEYS)", /^table\.maxn is gone/],
  ["math.pow", "return math.pow(2, 3)", /^math\.pow is gone in 5\.3/],
  ["math.random", "return math.random()", /^math\.random is another sequence/],
  ["math.type", "return math.type(1)", /^math\.type is 5\.3's/],
  ["loadstring", "return loadstring('return 1')()", /^loadstring is gone/],
  ["load", "return load('return 1')()", /^load takes text in 5\.3 only/],
  ["setfenv", "setfenv(1, {})", /^setfenv is gone/],
  ["getfenv", "return getfenv(1)", /^getfenv is gone/],
  ["utf8", "return utf8.char(65)", /^utf8 is 5\.3's/],
  ["string.pack", "return string.pack('z', 'a')", /^string\.pack is 5\.3's/],
  ["Redis's bit", "return bit.band(1, 2)", /^bit is Redis's own/],
  ["cmsgpack", "return cmsgpack.pack({})", /^cmsgpack is Redis's own/],
  ["redis.log", "redis.log(redis.LOG_WARNING, 'x')", /^redis\.log is in no document/],
  ["coroutines", "return coroutine.wrap(function() end)", /^coroutine is not in both/],
  ["the table of globals", "return _G.redis.call('TIME')", /^_G is not in both/],
  ["a library indexed by a value", "return redis[ARGV[1]]('TIME')", /not to be read here/],
  ["a method that is none in both", "return ARGV[1]:pack()", /^string\.pack is 5\.3's/],
  ["a global", "x = 1", /a global is made/],
  ["a global function", "function f() end", /a global is made/],
  ["a library made anew", "string = {}", /a global is made/],
  ["a global read", "return os.time()", /^os is not in both/],
  ["%d", "return string.format('%d', ARGV[1])", /^%d refuses fractions/],
  ["%i with a width", "return string.format('%% %05i', ARGV[1])", /^%i refuses fractions/],
  ["%x after others", "return string.format('%s %x', ARGV[1], ARGV[2])", /^%x refuses fractions/],
  ["%d as a method", "return ('%d'):format(ARGV[1])", /^%d refuses fractions/],
  ["%a", "return string.format('%a', 1)", /^%a is not in both/],
  ["a format that comes from elsewhere", "return string.format(ARGV[1], 1)", /write it out/],
  ["%s of a computed number", "return string.format('%s', 10 / 2)", /a computed number becomes text/],
  ["a quotient that is joined", "return 'n' .. 10 / 2", /a computed number becomes text/],
  ["a number that is joined", "return tonumber(ARGV[1]) .. ''", /a computed number becomes text/],
  ["a floor that is joined", "return 'n' .. math.floor(1.5)", /a computed number becomes text/],
  ["a fraction that is joined", "return 'n' .. 1.0", /a computed number becomes text/],
  ["a default that is joined", "return 'n' .. (tonumber(ARGV[1]) or 0)", /a computed number becomes text/],
  ["tostring of a computed number", "return tostring(1 + 1.5)", /a computed number becomes text/],
  ["an integer beyond 32 bits", "return 1763800000123", /wraps where integers have 32 bits/],
  ["a hexadecimal integer beyond 32 bits", "return 0xffffffff", /wraps where integers have 32 bits/],
  ["a hexadecimal fraction", "return 0x1p4", /hexadecimal with a fraction/],
  ["an escape by hexadecimal", "return '\\x41'", /the escape \\x/],
  ["an escape by code point", "return '\\u{41}'", /the escape \\u/],
  ["an escape that skips space", "return '\\z  a'", /the escape \\z/],
  ["a class of 5.3", "return string.match(ARGV[1], '%g+')", /^the class %g/],
  ["a class of 5.1", "return ARGV[1]:gsub('%z', '')", /^the class %z/],
  ["string.rep with a separator", "return string.rep('a', 2, ',')", /^string\.rep with a separator/],
];

describe("caught", () => {
  test.each(caught)("%s", (_title, lua, problem) => {
    const finding = { line: 2, problem: expect.stringMatching(problem) };
    expect(lintScript(`\n${lua}`)).toContainEqual(finding);
  });

  test("everything in a script, each at its line", () => {
    const lines = lintScript("local a = math.pow(1, 2)\n\nlocal b = unpack(KEYS)\nreturn '%d' .. a * b");
    expect(lines.map(({ line }) => line)).toEqual([1, 3, 4]);
  });
});

const common = [
  "return #'text' + #KEYS + #ARGV[1]",
  "return string.format('%.0f %s %% %q', 1e12, ARGV[1], 'x')",
  "return ('a'):rep(3) .. ARGV[1]:sub(1, 2) .. 1",
  "local now = tonumber(redis.call('TIME')[1]) * 1000.0 return string.format('%.0f', now)",
  "local function f(...) return select('#', ...) end return f(1, 2)",
  "for at, key in ipairs(KEYS) do redis.call('DEL', key) end for i = 1, 3 do local s = 'n' .. i end",
  "local pcall, string = 1, {} return string.pow, pcall",
  "local t = { format = 1, unpack = 2 } return t.unpack + t['format']",
  "local fine, problem = pcall(redis.call, 'GET', KEYS[1]) return { fine, problem }",
  "-- 7 // 2 & unpack\nreturn [[\\x41 %d //]] .. 'it\\'s \\\\x'",
  "return cjson.encode({ a = cjson.null }) .. '€' .. redis.sha1hex('')",
  "return string.match(ARGV[1], '^%a[%w_]*%%g$')",
  "return 2147483647 + 0x7fffffff + 4294967296.0",
];

test.each(common)("%j is common to both", (lua) => {
  expect(lintScript(lua)).toEqual([]);
});
