/**
 * Removes what is kept of a user beside their previews: the ledger and their turn in the line. A suspension stays, without
 * the words that were written about it: who was suspended must not be free again by being forgotten.
 *
 * KEYS  1 user  2 projects of the user
 *
 * Returns the projects that they still have a preview of; with any, nothing was removed.
 */
import type { Script } from "@/lib/redis";

export const forgetUserScript: Script = {
  name: "forget-user",
  lua: `
local projects = redis.call('SMEMBERS', KEYS[2])
if #projects > 0 then return projects end
local by, at = redis.call('HGET', KEYS[1], 'suspendedBy'), redis.call('HGET', KEYS[1], 'suspendedAt')
local isSuspended = redis.call('HEXISTS', KEYS[1], 'suspended') == 1
redis.call('DEL', KEYS[1])
if isSuspended then
  redis.call('HSET', KEYS[1], 'suspended', 'suspended before they were forgotten', 'suspendedBy', by or '',
    'suspendedAt', at or '0')
end
return {}
`,
};

/** KEYS  1 projects of the user   Returns them. */
export const userProjectsScript: Script = {
  name: "user-projects",
  lua: `
return redis.call('SMEMBERS', KEYS[1])
`,
};
