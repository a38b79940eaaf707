/**
 * Looks after the line once: gives free places to the first, and names previews that nobody uses, so that they rest and
 * make room. One server at a time, by a claim that lapses by itself. An offered place is a place that is taken: it comes
 * free by itself when nobody takes it up. Idempotent by look: the same look again, after a lost answer, answers the same.
 *
 * KEYS  1 places  2 used  3 line  4 fleet  5 due
 * ARGV  1 server  2 look  3 the plan's places  4 evict after ms  5 an offer's ms  6 the server's claim in ms
 *       7 8 running at the provider: ours, others; absent when not counted
 *
 * Returns kind (`going-on`, `other`, `over`), whom it admits, whom it asks to rest, how many wait still.
 */
import type { Script } from "@/lib/redis";

export const serveLineScript: Script = {
  name: "serve-line",
  lua: `
local placesKey, usedKey, lineKey, fleetKey, dueKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local server, look, planConcurrency, evictAfterMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local offerMs, claimMs, ours, others = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local function whole(number) return string.format('%.0f', number) end
local function fleet(field) return tonumber(redis.call('HGET', fleetKey, field) or '0') + 0.0 end

local function listed(field)
  local members = {}
  for member in string.gmatch(redis.call('HGET', fleetKey, field) or '', '[^\\n]+') do
    members[#members + 1] = member
  end
  return members
end
local function answer(kind, admitted, toRest, waiting)
  redis.call('HSET', fleetKey, 'look', look, 'lookKind', kind, 'lookAdmitted', table.concat(admitted, '\\n'),
    'lookToRest', table.concat(toRest, '\\n'), 'lookWaiting', whole(waiting))
  return { kind, admitted, toRest, whole(waiting) }
end
if redis.call('HGET', fleetKey, 'look') == look then
  return { redis.call('HGET', fleetKey, 'lookKind'), listed('lookAdmitted'), listed('lookToRest'),
    redis.call('HGET', fleetKey, 'lookWaiting') }
end

local before = redis.call('HGET', fleetKey, 'lineServer')
-- One that was called and has not come yet is nobody.
if before and before ~= server and before ~= 'called' and fleet('lineServedUntil') > now then return { 'other', {}, {}, whole(redis.call('ZCARD', lineKey)) } end

redis.call('ZREMRANGEBYSCORE', placesKey, '-inf', whole(now))
local taken = redis.call('ZCARD', placesKey)
if others then redis.call('HSET', fleetKey, 'foreign', whole(others + math.max(0, ours - taken))) end

local admitted, toRest = {}, {}
local left = planConcurrency - fleet('foreign') - taken
while left > 0 do
  local first = redis.call('ZRANGE', lineKey, '0', '0', 'WITHSCORES')
  if first[1] == nil then break end
  redis.call('ZREM', lineKey, first[1])
  redis.call('ZADD', placesKey, whole(now + offerMs), first[1])
  -- Should nobody take it up, whoever looks then puts it in line again.
  redis.call('ZADD', dueKey, whole(now + offerMs), first[1])
  local round = math.floor(tonumber(first[2]) / 1000000)
  if round > fleet('lineRound') then redis.call('HSET', fleetKey, 'lineRound', whole(round)) end
  admitted[#admitted + 1] = first[1]
  left = left - 1
end

-- How long one admission takes, as a moving mean: what those who still wait are told. The first is measured from when the
-- line began.
if #admitted > 0 then
  local last, every = fleet('admittedAt'), fleet('admitEveryMs')
  if last > 0 and now > last then
    local took = (now - last) / #admitted
    redis.call('HSET', fleetKey, 'admitEveryMs', whole(every == 0 and took or every * 0.7 + took * 0.3))
  end
  redis.call('HSET', fleetKey, 'admittedAt', whole(now))
end

local waiting = redis.call('ZCARD', lineKey)
if waiting == 0 then
  redis.call('HDEL', fleetKey, 'lineServer', 'lineServedUntil', 'admittedAt', 'restAsked', 'restAskedAt')
  return answer('over', admitted, toRest, 0)
end
redis.call('HSET', fleetKey, 'lineServer', server, 'lineServedUntil', whole(now + claimMs))

-- Those asked a moment ago are about to make room: not more are asked than wait.
local asked = now - fleet('restAskedAt') < claimMs and fleet('restAsked') or 0
asked = math.max(0, asked - #admitted)
local need = waiting - asked
if need > 0 and redis.call('HEXISTS', fleetKey, 'switch:hold-everything') == 0 then
  local idle = redis.call('ZRANGEBYSCORE', usedKey, '-inf', whole(now - evictAfterMs))
  for _, scope in ipairs(idle) do
    if #toRest >= need then break end
    if redis.call('ZSCORE', placesKey, scope) then
      toRest[#toRest + 1] = scope
      -- Not named again at the next look; its next sign of life writes its real use.
      redis.call('ZADD', usedKey, whole(now), scope)
    else
      redis.call('ZREM', usedKey, scope)
    end
  end
end
if #toRest > 0 then redis.call('HSET', fleetKey, 'restAskedAt', whole(now)) end
redis.call('HSET', fleetKey, 'restAsked', whole(asked + #toRest))
return answer('going-on', admitted, toRest, waiting)
`,
};
