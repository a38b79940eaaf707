/**
 * Owns random Lua programs for comparing the in-process engine with a real Redis: expressions over values of every kind,
 * patterns over a small alphabet, formats, and lists that are sorted and changed. Many of them fail, which has to happen
 * with the same words. The same seed makes the same programs. Cannot fail.
 */
import type { Random } from "@/lib/random";

export type Choose = <Item>(items: readonly [Item, ...Item[]]) => Item;

export const chooser =
  (random: Random): Choose =>
  (items) =>
    items[Math.floor(random.fraction() * items.length)] ?? items[0];

const times = <Item>(random: Random, most: number, make: () => Item): Item[] =>
  Array.from({ length: Math.floor(random.fraction() * (most + 1)) }, make);

/** What every program begins with: a value or several as one text that tells them apart. */
const beginning = `
local function show(value)
  if type(value) == 'table' then
    local parts = {}
    for index = 1, #value do parts[index] = tostring(value[index]) end
    return '{' .. table.concat(parts, ',') .. '}'
  end
  if type(value) == 'number' then return string.format('%.14g', value) end
  return type(value) .. ':' .. (type(value) == 'function' and '' or tostring(value))
end
local function all(...)
  local parts = { select('#', ...) }
  for index = 1, select('#', ...) do parts[index + 1] = show((select(index, ...))) end
  return table.concat(parts, ' ')
end
local a, b, c, s, n, t = 7, -2.5, '10', 'text', nil, { 1, 'two', { x = 3 }, x = 'y' }
local function f(...) return ... end
`;

export function expressionProgram(random: Random): string {
  const choose = chooser(random);
  const leaf = () =>
    choose([
      "a",
      "b",
      "c",
      "s",
      "n",
      "t",
      "1",
      "0",
      "2.5",
      "-3",
      "'5'",
      "'0x10'",
      "''",
      "true",
      "false",
      "nil",
      "1e15",
      "t.x",
      "t[1]",
      "t[3].x",
      "s:len()",
      "#s",
      "#t",
      "f(a, b)",
      "(f(a, b))",
      "f()",
      "{ a, s }",
    ]);
  const expression = (depth: number): string => {
    if (depth === 0 || random.fraction() < 0.15) return leaf();
    const operand = () => expression(depth - 1);
    return choose<() => string>([
      () => `(${operand()} ${choose(["+", "-", "*", "/", "%"])} ${operand()})`,
      () => `(${operand()} .. ${operand()})`,
      () => `(${operand()} ${choose(["==", "~=", "<", ">", "<=", ">="])} ${operand()})`,
      () => `(${operand()} ${choose(["and", "or"])} ${operand()})`,
      () => `${choose(["not ", "- ", "#"])}${operand()}`,
      () => `f(${operand()}, ${operand()})`,
      () =>
        `${choose(["tostring", "tonumber", "type", "math.floor", "math.max", "string.rep"])}(${operand()})`,
    ])();
  };
  const values = [expression(3), ...times(random, 1, () => expression(2))].join(", ");
  return `${beginning}return all(pcall(function() return ${values} end))`;
}

export function patternProgram(random: Random): string {
  const choose = chooser(random);
  const single = () =>
    choose([
      "a",
      "b",
      ".",
      "%a",
      "%d",
      "%s",
      "%w",
      "%A",
      "%p",
      "%.",
      "[ab]",
      "[^a]",
      "[a-c1]",
      "[%d-]",
      "[]]",
      "-",
      "%%",
    ]);
  const piece = (): string =>
    choose<() => string>([
      single,
      () => single() + choose(["*", "+", "-", "?"]),
      () => `(${single()}${choose(["", "*", "+", "-", "?"])})`,
      () => choose(["()", "%b()", "%f[%w]", "%f[^%w]", "%1", "(", ")", "%", "[a", "$", "^"]),
    ])();
  const pattern = `${choose(["", "", "^"])}${[piece(), ...times(random, 3, piece)].join("")}${choose(["", "", "$"])}`;
  const text = times(random, 9, () =>
    choose(["a", "b", "c", "1", " ", "-", ".", "(", ")", "ab", "%", "]"]),
  ).join("");
  const call = choose<() => string>([
    () => `string.find(subject, pattern${choose(["", ", 2", ", -2", ", 20"])})`,
    () => "string.find(subject, pattern, 1, true)",
    () => `string.match(subject, pattern${choose(["", ", 3", ", -1"])})`,
    () =>
      `string.gsub(subject, pattern, ${choose(["'<%0>'", "'%1'", "'x'", "''", "string.upper", "{ a = 'A', b = false }", "'%%'"])}${choose(["", "", ", 1", ", 0"])})`,
    () => "collect(subject, pattern)",
  ])();
  return `${beginning}local subject, pattern = '${text}', '${pattern}'
local function collect(...)
  local found = {}
  for one, two in string.gmatch(...) do
    found[#found + 1] = show(one) .. '/' .. show(two)
    if #found > 30 then break end
  end
  return found
end
return all(pcall(function() return ${call} end))`;
}

export function formatProgram(random: Random): string {
  const choose = chooser(random);
  const conversion = () =>
    `%${choose(["", "", "-", "0", "+", " ", "#"])}${choose(["", "", "5", "12"])}${choose(["", "", ".0", ".1", ".3", ".10"])}${choose(["d", "i", "u", "x", "X", "o", "f", "e", "g", "G", "s", "s", "q", "c", "%"])}`;
  const value = () =>
    choose([
      "0",
      "1",
      "42",
      "-7",
      "65",
      "0.5",
      "1.5",
      "2.5",
      "-0.125",
      "3.14159265358979",
      "1e15",
      "123456789012",
      "1e21",
      "1e-7",
      "'text'",
      "'12'",
      "'a\"b'",
      "true",
      "nil",
    ]);
  const template = [conversion(), ...times(random, 2, conversion)].join("|");
  return `${beginning}return all(pcall(string.format, '${template}', ${value()}, ${value()}, ${value()}))`;
}

export function tableProgram(random: Random): string {
  const choose = chooser(random);
  const item = () => choose(["1", "2", "3", "5", "8", "'a'", "'b'", "'10'"]);
  const number = () => String(Math.floor(random.fraction() * 9));
  const step = (): string =>
    choose<() => string>([
      () => `table.insert(list, ${item()})`,
      () => `table.insert(list, ${choose(["1", "math.min(2, #list + 1)", "math.max(#list, 1)"])}, ${item()})`,
      () => `out(table.remove(list${choose(["", ", 1", ", 2", ", 9"])}))`,
      () => `list[#list + 1] = ${item()}`,
      () => "list[#list] = nil",
      () => `out(unpack(list${choose(["", ", 2", ", 1, 2"])}))`,
      () => `out(table.concat(list, '-'${choose(["", ", 2", ", 1, 2"])}))`,
      () => "table.sort(list)",
      () => "table.sort(list, function(x, y) return tostring(x) > tostring(y) end)",
      () => `do local pairs = {} for at = 1, ${number()} do pairs[at] = { at * 7 % 5, at } end
        table.sort(pairs, function(x, y) return x[1] < y[1] end)
        for at = 1, #pairs do out(pairs[at][2]) end end`,
      () => "for at, value in ipairs(list) do out(at, value) end",
      () => `for at = ${number()}, ${number()}${choose(["", ", -1", ", 2"])} do out(at) end`,
    ])();
  return `${beginning}local list, seen = { ${times(random, 5, item).join(", ")} }, {}
local function out(...) seen[#seen + 1] = all(...) end
local fine, problem = pcall(function()
  ${[step(), ...times(random, 4, step)].join("\n  ")}
end)
return all(fine, problem, list, seen)`;
}
