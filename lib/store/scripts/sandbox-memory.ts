/**
 * Owns, in Lua, what is remembered of sandboxes: which ones records name now, and of each one whose it was and what became
 * of it, for as long as a history lasts. So a sandbox is found by its id when it is gone, the audit sees both ways, and
 * nobody kills one that ever ran for somebody. Part of the scripts that name a sandbox or let one go. Cannot fail.
 *
 * In the sandbox's hash: `scope` · `ranAt` when it first was a running preview · `letGoAt` when it was given up for
 * good · `asideAt` when it was put aside, with what was not saved in it, and is never killed.
 */
export const sandboxMemory = `
local function member(sandboxId) return sandboxId .. '/' .. scopeOf() end

-- \`isTold\`: the caller names a sandbox or lets one go; without one sandboxKey is nobody's.
local function rememberSandbox(before, after, letGo, isTold)
  if before and before ~= after then redis.call('ZREM', namedKey, member(before)) end
  if after and before ~= after then redis.call('ZADD', namedKey, whole(now), member(after)) end
  if not isTold then return end
  local id = string.match(sandboxKey, '([^:]+)$')
  redis.call('SADD', sandboxesKey, id)
  redis.call('PEXPIRE', sandboxesKey, whole(rememberMs))
  redis.call('HSET', sandboxKey, 'scope', scopeOf())
  if get('state') == 'running' and redis.call('HEXISTS', sandboxKey, 'ranAt') == 0 then
    redis.call('HSET', sandboxKey, 'ranAt', whole(now))
  end
  if letGo ~= '' then
    redis.call('HSET', sandboxKey, get('asideId') == letGo and 'asideAt' or 'letGoAt', whole(now))
  end
  redis.call('PEXPIRE', sandboxKey, whole(rememberMs))
end
`;
