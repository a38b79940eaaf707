/**
 * Owns the Lua side of the difference between Redis's Lua 5.1 and fengari's 5.3, run once in a new interpreter:
 * numbers that library functions make are floats, `%d` takes what does not fit 32 bits, 5.3-only names are gone,
 * `math.random` is gone too (fengari's is not seeded), and globals are closed as in Redis.
 *
 * What stays different, and what the product's scripts therefore avoid: numbers above 10^15 turned into text by `..`
 * or `tostring` (use `string.format("%.0f", x)`), hexadecimal text above 32 bits in `tonumber`, the order of `pairs`
 * and with it the key order of `cjson.encode`, fractions where a library wants a position (refused here, truncated by
 * Redis), and the libraries `bit`, `struct` and `cmsgpack`, which are absent.
 */
export const prelude = `
local floor, ceil, abs, max, min = math.floor, math.ceil, math.abs, math.max, math.min
local parse, format, gsub, select, pack = tonumber, string.format, string.gsub, select, table.pack
local spread = table.unpack

function math.floor(x) return floor(x) + 0.0 end
function math.ceil(x) return ceil(x) + 0.0 end
function math.abs(x) return abs(x) + 0.0 end
function math.max(...) return max(...) + 0.0 end
function math.min(...) return min(...) + 0.0 end
function math.pow(x, y) return x ^ y end

function tonumber(...)
  local number = parse(...)
  return number and number + 0.0
end

function string.format(pattern, ...)
  local values, position = pack(...), 0
  pattern = gsub(pattern, "%%([-+ #0]*%d*)(%.?%d*)([%a%%])", function(flags, precision, conversion)
    if conversion == "%" then return nil end
    position = position + 1
    local number = parse(values[position])
    if (conversion ~= "d" and conversion ~= "i") or precision ~= "" or not number then return nil end
    values[position] = number < 0 and ceil(number) or floor(number)
    return "%" .. flags .. ".0f"
  end)
  return format(pattern, spread(values, 1, values.n))
end

-- Redis 7 hands the text of a command's error to whoever catches it, not the table that was raised.
local protect = pcall
local function withErrorText(fine, problem, ...)
  if not fine and type(problem) == "table" and type(problem.err) == "string" then return fine, problem.err end
  return fine, problem, ...
end
function pcall(...) return withErrorText(protect(...)) end

unpack = spread
for _, name in ipairs({ "unpack", "pack", "move" }) do table[name] = nil end
for _, name in ipairs({ "pack", "unpack", "packsize" }) do string[name] = nil end
for _, name in ipairs({ "random", "randomseed", "type", "tointeger", "ult", "maxinteger", "mininteger" }) do
  math[name] = nil
end
dofile, loadfile, print, rawlen = nil, nil, nil, nil

setmetatable(_G, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
  __newindex = function() error("Attempt to modify a readonly table", 2) end,
})
`;
