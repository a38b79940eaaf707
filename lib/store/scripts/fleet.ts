/**
 * Reads and writes what is shared by all previews of an environment: places at one moment, the count of sandboxes that are
 * not ours, the operators' switches. Each is one short script; the switches are read by the scripts of every preview.
 *
 * KEYS, in each of them: 1 places  2 used  3 line  4 fleet  5 previews  6 due
 */
import type { Script } from "@/lib/redis";

const beginning = `
local placesKey, usedKey, lineKey, fleetKey, previewsKey, dueKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local function whole(number) return string.format('%.0f', number) end
local function taken() return redis.call('ZCOUNT', placesKey, '(' .. whole(now), '+inf') end
`;

/** Returns now, places taken, foreign, waiting, previews, due, and the fleet's fields with names and values in turn. */
export const fleetStateScript: Script = {
  name: "fleet-state",
  lua: `${beginning}
return { whole(now), taken(), redis.call('HGET', fleetKey, 'foreign') or '0', redis.call('ZCARD', lineKey),
  redis.call('ZCARD', previewsKey), redis.call('ZCOUNT', dueKey, '-inf', whole(now)), redis.call('HGETALL', fleetKey) }
`,
};

/** ARGV 1 2 running at the provider: ours, others. What of ours has no place is in the way like a stranger's. */
export const recordCountScript: Script = {
  name: "record-count",
  lua: `${beginning}
local ours, others = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('HSET', fleetKey, 'foreign', whole(others + math.max(0, ours - taken())))
return 'recorded'
`,
};

/** ARGV 1 switch  2 '1' on, '' off  3 by  4 why. Returns the fleet's fields. Turned on again it keeps its first word. */
export const turnSwitchScript: Script = {
  name: "turn-switch",
  lua: `${beginning}
local field = 'switch:' .. ARGV[1]
if ARGV[2] == '' then redis.call('HDEL', fleetKey, field)
elseif redis.call('HEXISTS', fleetKey, field) == 0 then
  redis.call('HSET', fleetKey, field, table.concat({ whole(now), ARGV[3], ARGV[4] }, '\\n'))
end
return redis.call('HGETALL', fleetKey)
`,
};
