/**
 * Reads and writes what is known of one user across previews: suspension, and which previews nobody uses. The scripts of
 * each preview read the suspension, so that nothing is opened between its writing and the rest of what runs.
 *
 * KEYS, in each of them: 1 user  2 projects of the user  3 places  4 used
 */
import type { Script } from "@/lib/redis";

const beginning = `
local userKey, userPreviewsKey, placesKey, usedKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local function whole(number) return string.format('%.0f', number) end
`;

/** ARGV 1 by  2 why. Returns the user's projects. Suspended again it keeps its first since, and has the newest reason. */
export const suspendScript: Script = {
  name: "suspend",
  lua: `${beginning}
if redis.call('HEXISTS', userKey, 'suspended') == 0 then redis.call('HSET', userKey, 'suspendedAt', whole(now)) end
redis.call('HSET', userKey, 'suspended', ARGV[2], 'suspendedBy', ARGV[1])
return redis.call('SMEMBERS', userPreviewsKey)
`,
};

/** Returns how many suspensions ended: 0 or 1. */
export const unsuspendScript: Script = {
  name: "unsuspend",
  lua: `${beginning}
local ended = redis.call('HDEL', userKey, 'suspended')
redis.call('HDEL', userKey, 'suspendedBy', 'suspendedAt')
return ended
`,
};

/** Returns why, by and since when; empty when the user is not suspended. */
export const suspensionScript: Script = {
  name: "suspension",
  lua: `${beginning}
if redis.call('HEXISTS', userKey, 'suspended') == 0 then return {} end
return { redis.call('HGET', userKey, 'suspended'), redis.call('HGET', userKey, 'suspendedBy'),
  redis.call('HGET', userKey, 'suspendedAt') }
`,
};

/** ARGV 1 user  2 unused for ms. Returns projects of the user that have a place and no use, the least recent first. */
export const leastUsedOfScript: Script = {
  name: "least-used-of",
  lua: `${beginning}
local found = {}
local fields = redis.call('HGETALL', userKey)
for index = 1, #fields, 2 do
  local project = string.match(fields[index], '^place:(.+)$')
  if project and tonumber(fields[index + 1]) > now then
    local used = tonumber(redis.call('ZSCORE', usedKey, project .. '/' .. ARGV[1]) or '')
    if used and used <= now - tonumber(ARGV[2]) then found[#found + 1] = { project, used } end
  end
end
table.sort(found, function(left, right) return left[2] < right[2] end)
local projects = {}
for _, each in ipairs(found) do projects[#projects + 1] = each[1] end
return projects
`,
};
