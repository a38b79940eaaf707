/**
 * Takes the previews whose time to be looked at has come, and pushes each one's time forward: never removes it, so a
 * worker that dies with its catch loses nothing. Reads only what is due, whatever the number of previews.
 *
 * KEYS  1 due   ARGV  1 most to take  2 push forward by ms
 *
 * Returns the scopes as "projectId/userId".
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
return due
`,
};
