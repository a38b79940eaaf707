/**
 * Reads over many previews, for operators: a page of them by their last change, a line of each, whose a name is. Changes
 * nothing, and says so to Redis by having no command that writes. Pages are told apart by the last member that was seen
 * and not by a count, so that previews which change meanwhile neither repeat nor hide another.
 */
import type { Script } from "@/lib/redis";

/** Redis's own order of equal scores; `<` of Lua's strings goes by the server's locale. */
const order = `
local function isBefore(left, right)
  for index = 1, math.min(#left, #right) do
    local ours, theirs = string.byte(left, index), string.byte(right, index)
    if ours ~= theirs then return ours < theirs end
  end
  return #left < #right
end
`;

/**
 * KEYS  1 previews   ARGV  1 most  2 score of the last one seen, '' on the first page  3 its member
 *
 * Returns members and scores in turn, the last changed first. Reads a page, and more only of those that changed in the
 * very millisecond at which the page before ended.
 */
export const pageOfAllScript: Script = {
  name: "page-of-all",
  lua: `${order}
local most, from, seen = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local found, offset = {}, 0
repeat
  local read = redis.call('ZRANGE', KEYS[1], from == '' and '+inf' or from, '-inf', 'BYSCORE', 'REV',
    'LIMIT', string.format('%.0f', offset), ARGV[1], 'WITHSCORES')
  for index = 1, #read, 2 do
    local isLater = from == '' or read[index + 1] ~= from or isBefore(read[index], seen)
    if isLater and #found < most * 2 then
      found[#found + 1] = read[index]
      found[#found + 1] = read[index + 1]
    end
  end
  offset = offset + most
until #found == most * 2 or #read < most * 2
return found
`,
};

/**
 * KEYS  1 previews  2 the set of one user's projects or of one project's users
 * ARGV  1 most  2 score of the last one seen  3 its member  4 the name  5 'user' when the name is the user's
 *
 * Returns as the page of all does. Reads the whole set, which one user or one project has.
 */
export const pageOfSetScript: Script = {
  name: "page-of-set",
  lua: `${order}
local most, from, seen = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local all = {}
for _, other in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local member = ARGV[5] == 'user' and other .. '/' .. ARGV[4] or ARGV[4] .. '/' .. other
  local text = redis.call('ZSCORE', KEYS[1], member)
  local score = text and tonumber(text)
  if score and (from == nil or score < from or (score == from and isBefore(member, seen))) then
    all[#all + 1] = { member, text, score }
  end
end
table.sort(all, function(left, right)
  if left[3] ~= right[3] then return left[3] > right[3] end
  return isBefore(right[1], left[1])
end)
local found = {}
for index = 1, math.min(most, #all) do
  found[#found + 1] = all[index][1]
  found[#found + 1] = all[index][2]
end
return found
`,
};

/**
 * KEYS  1 line, then record, viewers and holds of each   ARGV  1 a viewer is gone after ms, then each one's member
 *
 * Returns now, and for each: state, reason, changedAt, lastActiveAt, sandboxId, endsAt, viewers, holds, position. Text,
 * '' for what is not there.
 */
export const linesScript: Script = {
  name: "preview-lines",
  lua: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local function whole(number) return string.format('%.0f', number) end
local lines = {}
for index = 2, #ARGV do
  local key = 2 + (index - 2) * 3
  local fields = redis.call('HMGET', KEYS[key], 'state', 'reason', 'changedAt', 'lastActiveAt', 'sandboxId', 'endsAt')
  local line = {}
  for field = 1, 6 do line[field] = fields[field] or '' end
  line[7] = whole(redis.call('ZCOUNT', KEYS[key + 1], '(' .. whole(now - tonumber(ARGV[1])), '+inf'))
  line[8] = whole(redis.call('ZCOUNT', KEYS[key + 2], '(' .. whole(now), '+inf'))
  local turn = redis.call('ZSCORE', KEYS[1], ARGV[index])
  line[9] = turn and whole(redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. turn) + 1) or ''
  lines[#lines + 1] = line
end
return { whole(now), lines }
`,
};

/** KEYS  1 previews   ARGV  1 member. Returns 1 when there is such a preview, else 0. */
export const hasPreviewScript: Script = {
  name: "has-preview",
  lua: `return redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0`,
};

/** KEYS  1 sandbox. Returns whose it is or was, '' when that is not known. */
export const ofSandboxScript: Script = {
  name: "of-sandbox",
  lua: `return redis.call('HGET', KEYS[1], 'scope') or ''`,
};

/** KEYS  1 projects of the user of this name  2 users of the project of this name. Returns both sets. */
export const namedScript: Script = {
  name: "named",
  lua: `return { redis.call('SMEMBERS', KEYS[1]), redis.call('SMEMBERS', KEYS[2]) }`,
};
