/**
 * Owns what every Lua script begins with: Redis's clock, reading and writing the record, and the snapshot that every
 * reply carries. Scripts are written in the common subset of Lua 5.1 (Redis, Upstash) and 5.3 with 32-bit integers
 * (fengari, in the local cloud): times are floats, and are written with `%.0f`, because Redis would write a large
 * number as 1.76e+12 and `%d` refuses a float beyond 32 bits in fengari. Cannot fail by itself.
 *
 * Keys, in every script: KEYS[1] record (hash) · KEYS[2] viewers (sorted set by last beat) · KEYS[3] due (sorted set
 * by next check) · KEYS[4] condemned (set of sandbox ids) · KEYS[5] log tail (string) · KEYS[6] requests
 * that were answered (sorted set by time) · KEYS[7] holds (sorted set by end) · KEYS[8] history (stream).
 * ARGV[1], in every script: the policy's numbers that scripts need, in milliseconds, joined by commas.
 */
export const prelude = `
local recordKey, viewersKey, dueKey = KEYS[1], KEYS[2], KEYS[3]
local condemnedKey, logKey, requestsKey = KEYS[4], KEYS[5], KEYS[6]
local holdsKey, historyKey = KEYS[7], KEYS[8]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local policy = {}
for number in string.gmatch(ARGV[1], '%d+') do policy[#policy + 1] = tonumber(number) + 0.0 end
local viewerGoneAfterMs, idleAfterMs, healAfterMs = policy[1], policy[2], policy[3]
local graceAfterLeftMs, renewBeforeMs, maxRunMs = policy[4], policy[5], policy[6]
local historyEntries, leaseMs = policy[7], policy[8]

local function whole(number) return string.format('%.0f', number) end
local function get(field) return redis.call('HGET', recordKey, field) or nil end
local function getNumber(field) return tonumber(get(field) or '0') + 0.0 end
local function set(field, value) redis.call('HSET', recordKey, field, value) end
local function unset(field) redis.call('HDEL', recordKey, field) end

local function isClaimed()
  return get('leaseId') ~= nil and getNumber('leaseUntil') > now
end

local function countViewers()
  return redis.call('ZCOUNT', viewersKey, '(' .. whole(now - viewerGoneAfterMs), '+inf')
end

local function countHolds()
  return redis.call('ZCOUNT', holdsKey, '(' .. whole(now), '+inf')
end

local function checkAt(scope, at)
  set('nextCheckAt', whole(at))
  redis.call('ZADD', dueKey, whole(at), scope)
end

local function scopeOf()
  return get('projectId') .. '/' .. get('userId')
end

-- Until when it is known to have been used; \`usedUntil\` is the same in TypeScript.
local function usedUntil()
  local lastActiveAt = tonumber(get('lastActiveAt') or get('changedAt')) + 0.0
  return math.max(lastActiveAt, getNumber('readyAt'), getNumber('heldUntil'))
end

-- When to look at a running preview if everybody else forgot it; \`healRunningAt\` is the same in TypeScript.
local function runningCheckAt()
  local runEndsAt = getNumber('runStartedAt') + maxRunMs
  if get('runCapAt') then runEndsAt = math.min(runEndsAt, getNumber('runCapAt')) end
  local at = math.min(usedUntil() + idleAfterMs, getNumber('endsAt'), runEndsAt - renewBeforeMs)
  if get('leftAt') and countViewers() == 0 and countHolds() == 0 then
    at = math.min(at, math.max(getNumber('leftAt'), usedUntil()) + graceAfterLeftMs)
  end
  if get('syncAskedAt') then at = math.min(at, getNumber('syncAskedAt') + leaseMs) end
  return at + healAfterMs
end

-- The stream's own ids are the times; what is beyond the newest entries is forgotten. One field with a line for each name
-- and each value, for Lua 5.1 and 5.3 have no common way to pass a list on as arguments.
local function remember(kind, fields)
  local lines = table.concat(fields, '\\n')
  redis.call('XADD', historyKey, 'MAXLEN', whole(historyEntries), '*', 'kind', kind, 'fields', lines)
end

local function become(state, reason, by)
  if reason ~= '' then set('reason', reason) end
  local from = get('state')
  if from == state then return end
  local fields = { 'from', from, 'to', state, 'reason', get('reason'), 'by', by,
    'afterMs', whole(now - getNumber('changedAt')) }
  for _, name in ipairs({ 'sandboxId', 'cameBack', 'tookMs' }) do
    -- How it came back is of the way to running, and left over from the last one in every other state.
    if get(name) and (name == 'sandboxId' or state == 'running') then
      fields[#fields + 1] = name
      -- Nobody waited for a renewal, so how long that took stands beside the last wait and not in its place.
      fields[#fields + 1] = name == 'tookMs' and reason == 'renewed' and get('renewTookMs') or get(name)
    end
  end
  remember('moved', fields)
  set('changedAt', whole(now))
  set('state', state)
end

-- Longer than a request stays fresh: an older replay is refused for its age.
local rememberRequestMs = 3600000
local function answerRequest(id)
  redis.call('ZADD', requestsKey, whole(now), id)
  redis.call('ZREMRANGEBYSCORE', requestsKey, '-inf', whole(now - rememberRequestMs))
  redis.call('PEXPIRE', requestsKey, whole(rememberRequestMs))
end

local function reply(status, extra)
  local there = { whole(countViewers()), whole(countHolds()) }
  return { status, whole(now), there, redis.call('HGETALL', recordKey), extra or '' }
end
`;
