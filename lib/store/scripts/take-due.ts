/**
 * Takes the previews whose time to be looked at has come, and pushes each one's time forward: never removes it, so a
 * worker that dies with its catch loses nothing. Reads only what is due, whatever the number of previews. Tells in the same
 * breath whether somebody waits for a place and nobody looks after the line, so that a sweep at rest stays one call.
 *
 * KEYS  1 due  2 line  3 fleet   ARGV  1 most to take  2 push forward by ms
 *
 * Returns the scopes as "projectId/userId", and '1' for an unattended line.
 */
import type { Script } from "@/lib/redis";

export const takeDueScript: Script = {
  name: "take-due",
  lua: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', '0', ARGV[1])
for _, scope in ipairs(due) do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), scope)
end
local servedUntil = tonumber(redis.call('HGET', KEYS[3], 'lineServedUntil') or '0')
local isUnattended = redis.call('ZCARD', KEYS[2]) > 0 and servedUntil <= now
return { due, isUnattended and '1' or '' }
`,
};
