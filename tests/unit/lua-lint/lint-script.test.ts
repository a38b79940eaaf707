/** The lint catches each thing that Lua 5.1, Redis and Upstash do not have or take otherwise, and says its line. */
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
  ["an escape that 5.1 lets pass", "return 'a\\q'", /the escape \\q/],
  ["what is no Lua", "return (", /no Lua 5\.1/],
  ["table.unpack", "return redis.call('DEL', table.unpack(KEYS))", /^table\.unpack is 5\.2's/],
  ["table.pack", "return table.pack(1)", /^table\.pack is none that a script may count on/],
  ["table.getn", "return table.getn(KEYS)", /^table\.getn was given up/],
  ["table.maxn", "return table.maxn(KEYS)", /^table\.maxn was given up/],
  ["math.pow", "return math.pow(2, 3)", /^math\.pow is an operator/],
  ["math.random", "return math.random()", /^math\.random is another sequence/],
  ["math.type", "return math.type(1)", /^math\.type is 5\.3's/],
  ["loadstring", "return loadstring('return 1')()", /^loadstring compiles text/],
  ["load", "return load('return 1')()", /^load compiles text/],
  ["setfenv", "setfenv(1, {})", /^setfenv is not for scripts/],
  ["getfenv", "return getfenv(1)", /^getfenv is not for scripts/],
  ["utf8", "return utf8.char(65)", /^utf8 is 5\.3's/],
  ["string.pack", "return string.pack('z', 'a')", /^string\.pack is 5\.3's/],
  ["Redis's bit", "return bit.band(1, 2)", /^bit is Redis's own/],
  ["cmsgpack", "return cmsgpack.pack({})", /^cmsgpack is Redis's own/],
  ["redis.log", "redis.log(redis.LOG_WARNING, 'x')", /^redis\.log is in no document/],
  ["coroutines", "return coroutine.wrap(function() end)", /^coroutine is none/],
  ["the table of globals", "return _G.redis.call('TIME')", /^_G is none/],
  ["a library indexed by a value", "return redis[ARGV[1]]('TIME')", /not to be read here/],
  ["a method that 5.1 does not have", "return ARGV[1]:pack()", /^string\.pack is 5\.3's/],
  ["a global", "x = 1", /a global is made/],
  ["a global function", "function f() end", /a global is made/],
  ["a library made anew", "string = {}", /a global is made/],
  ["a global read", "return os.time()", /^os is none/],
  ["%a", "return string.format('%a', 1)", /^%a is not 5\.1's/],
  ["%a after others", "return string.format('%% %05d %a', ARGV[1], 1)", /^%a is not 5\.1's/],
  ["%a as a method", "return ('%a'):format(ARGV[1])", /^%a is not 5\.1's/],
  ["a format that comes from elsewhere", "return string.format(ARGV[1], 1)", /write it out/],
  ["%s of a computed number", "return string.format('%s', 10 / 2)", /a computed number becomes text/],
  ["a quotient that is joined", "return 'n' .. 10 / 2", /a computed number becomes text/],
  ["a number that is joined", "return tonumber(ARGV[1]) .. ''", /a computed number becomes text/],
  ["a floor that is joined", "return 'n' .. math.floor(1.5)", /a computed number becomes text/],
  ["a fraction that is joined", "return 'n' .. 1.0", /a computed number becomes text/],
  ["a default that is joined", "return 'n' .. (tonumber(ARGV[1]) or 0)", /a computed number becomes text/],
  ["tostring of a computed number", "return tostring(1 + 1.5)", /a computed number becomes text/],
  ["a hexadecimal fraction", "return 0x1p4", /hexadecimal with a fraction/],
  ["an escape by hexadecimal", "return '\\x41'", /the escape \\x/],
  ["an escape by code point", "return '\\u{41}'", /the escape \\u/],
  ["an escape that skips space", "return '\\z  a'", /the escape \\z/],
  ["a class of 5.2", "return string.match(ARGV[1], '%g+')", /^the class %g/],
  ["string.rep with a separator", "return string.rep('a', 2, ',')", /^string\.rep with a separator/],
];

describe("caught", () => {
  test.each(caught)("%s", (_title, lua, problem) => {
    const finding = { line: 2, problem: expect.stringMatching(problem) };
    expect(lintScript(`\n${lua}`)).toContainEqual(finding);
  });

  test("everything in a script, each at its line", () => {
    const lines = lintScript(
      "local a = math.pow(1, 2)\n\nlocal b = table.unpack(KEYS)\nreturn '%d' .. a * b",
    );
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
  "return 2147483647 + 0xffffffff + 1763800000123",
  "return redis.call('DEL', unpack(KEYS)), string.format('%05d %x', ARGV[1], 255)",
  "local goto = ARGV[1]:gsub('%z', '') return goto",
];

test.each(common)("%j is what every engine has", (lua) => {
  expect(lintScript(lua)).toEqual([]);
});
