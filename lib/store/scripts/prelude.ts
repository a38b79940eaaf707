/**
 * Owns what every Lua script begins with: Redis's clock, reading and writing the record, and the snapshot that every
 * reply carries. Scripts are written in Lua 5.1, by what Redis, Upstash and the in-process engine all have (`npm run lua`):
 * every number is a double, and is written with `%.0f`, because Lua itself writes no more than 14 digits. Cannot fail by
 * itself.
 *
 * Keys, in every script: KEYS[1] record (hash) · KEYS[2] viewers (sorted set by last beat) · KEYS[3] due (sorted set
 * by next check) · KEYS[4] condemned (set of sandbox ids) · KEYS[5] log tail (string) · KEYS[6] requests
 * that were answered (sorted set by time) · KEYS[7] holds (sorted set by end) · KEYS[8] history (stream) · KEYS[9] places
 * that are taken (sorted set by the latest end) · KEYS[10] those by last use (sorted set) · KEYS[11] the line of those who
 * wait for a place (sorted set by turn) · KEYS[12] fleet (hash: switches, and what the line goes by) · KEYS[13] user
 * (hash: places, ledger, suspension) · KEYS[14] breaker of the project (hash) · KEYS[15] projects of the user (set) ·
 * KEYS[16] users of the project (set) · KEYS[17] all previews (sorted set by last change) · KEYS[18] sandboxes that
 * records name (sorted set by when the provider last had them) · KEYS[19] the sandbox that this call is about (hash) ·
 * KEYS[20] that the preview was forgotten not long ago (hash: at, epoch) · KEYS[21] the sandboxes that it ever had (set).
 * ARGV[1], in every script: the policy's numbers that scripts need, joined by commas.
 */
import { ledger } from "./ledger";
import { places } from "./places";

const record = `
local recordKey, viewersKey, dueKey = KEYS[1], KEYS[2], KEYS[3]
local condemnedKey, logKey, requestsKey = KEYS[4], KEYS[5], KEYS[6]
local holdsKey, historyKey = KEYS[7], KEYS[8]
local placesKey, usedKey, lineKey, fleetKey = KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local userKey, breakerKey, userPreviewsKey, projectPreviewsKey = KEYS[13], KEYS[14], KEYS[15], KEYS[16]
local previewsKey, namedKey, sandboxKey, forgottenKey = KEYS[17], KEYS[18], KEYS[19], KEYS[20]
local sandboxesKey = KEYS[21]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local policy = {}
for number in string.gmatch(ARGV[1], '%d+') do policy[#policy + 1] = tonumber(number) + 0.0 end
local viewerGoneAfterMs, idleAfterMs, healAfterMs = policy[1], policy[2], policy[3]
local graceAfterLeftMs, renewBeforeMs, maxRunMs = policy[4], policy[5], policy[6]
local historyEntries, leaseMs = policy[7], policy[8]
local keepAliveMs, planConcurrency, evictAfterMs = policy[9], policy[10], policy[11]
local maxRunningPerUser, maxDayMs, maxMonthMs = policy[12], policy[13], policy[14]
local breakerFailures, breakerWindowMs, retentionMs = policy[15], policy[16], policy[17]

local function whole(number) return string.format('%.0f', number) end
local function get(field) return redis.call('HGET', recordKey, field) or nil end
local function getNumber(field) return tonumber(get(field) or '0') + 0.0 end
local function set(field, value) redis.call('HSET', recordKey, field, value) end
local function unset(field) redis.call('HDEL', recordKey, field) end

local function isClaimed()
  return get('leaseId') ~= nil and getNumber('leaseUntil') > now
end

local function isSuspended() return redis.call('HEXISTS', userKey, 'suspended') == 1 end

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
  -- Who may not run anything is brought to rest by whoever looks next.
  -- No sign of life puts that off.
  if isSuspended() then
    local due = getNumber('nextCheckAt')
    return due > 0 and math.min(due, now + healAfterMs) or now + healAfterMs
  end
  local runEndsAt = getNumber('runStartedAt') + maxRunMs
  if get('runCapAt') then runEndsAt = math.min(runEndsAt, getNumber('runCapAt')) end
  local at = math.min(usedUntil() + idleAfterMs, getNumber('endsAt'), runEndsAt - renewBeforeMs)
  if get('leftAt') and countViewers() == 0 and countHolds() == 0 then
    at = math.min(at, math.max(getNumber('leftAt'), usedUntil()) + graceAfterLeftMs)
  end
  if get('syncAskedAt') then at = math.min(at, getNumber('syncAskedAt') + leaseMs) end
  return at + healAfterMs
end

-- For so long after its last change it can be told what became of a preview and of its sandboxes.
local rememberMs = 90 * 86400000.0

-- The stream's own ids are the times; what is beyond the newest entries is forgotten. One field with a line for each name
-- and each value, so that a list of any length is one argument.
local function remember(kind, fields)
  local lines = table.concat(fields, '\\n')
  redis.call('XADD', historyKey, 'MAXLEN', whole(historyEntries), '*', 'kind', kind, 'fields', lines)
  redis.call('PEXPIRE', historyKey, whole(rememberMs))
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
  redis.call('ZADD', previewsKey, whole(now), scopeOf())
end

-- Longer than a request stays fresh: an older replay is refused for its age.
local rememberRequestMs = 3600000
local function answerRequest(id)
  redis.call('ZADD', requestsKey, whole(now), id)
  redis.call('ZREMRANGEBYSCORE', requestsKey, '-inf', whole(now - rememberRequestMs))
  redis.call('PEXPIRE', requestsKey, whole(rememberRequestMs))
end
`;

const answer = `
-- What the record says, who is there, and what holds for all: position and time in the line, switches, the user's state.
local function reply(status, extra)
  local position, waitMs = standing()
  local flags = (switch('hold-everything') and 'h' or '') .. (switch('stop-creating') and 'c' or '')
  local suspended = redis.call('HGET', userKey, 'suspended') or ''
  local dayTotal, monthTotal = '', ''
  if (maxDayMs > 0 or maxMonthMs > 0) and isLimited() then
    local day, month = userTotals()
    dayTotal, monthTotal = whole(day), whole(month)
  end
  local around = { whole(countViewers()), whole(countHolds()), position, waitMs, flags, suspended, dayTotal, monthTotal }
  return { status, whole(now), around, redis.call('HGETALL', recordKey), extra or '' }
end

-- There is no such preview.
local function replyAbsent(status)
  return { status, whole(now), { '0', '0', '', '', '', '', '', '' }, {}, '' }
end
`;

export const prelude = record + ledger + places + answer;
