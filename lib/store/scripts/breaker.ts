/**
 * Owns, in Lua, the circuit breaker of a project: starts that failed for good are counted over a window, whoever's they
 * were, and a success or a person's retry forgets them. Part of the commit; the claim reads it. Cannot fail.
 *
 * In the project's hash: `failures` within the window · `since` · `reason` of the last · `openedAt`.
 */
export const breaker = `
local function countFailure(reason, state)
  if reason == '' then
    if state == 'running' then redis.call('DEL', breakerKey) end
    return
  end
  local since = tonumber(redis.call('HGET', breakerKey, 'since') or '0') + 0.0
  if since + breakerWindowMs < now then
    redis.call('DEL', breakerKey)
    redis.call('HSET', breakerKey, 'since', whole(now))
  end
  local failures = redis.call('HINCRBY', breakerKey, 'failures', '1')
  redis.call('HSET', breakerKey, 'reason', reason)
  if failures >= breakerFailures then redis.call('HSET', breakerKey, 'openedAt', whole(now)) end
  redis.call('PEXPIRE', breakerKey, whole(rememberMs))
end
`;
