/**
 * Takes, keeps or gives back one hold: an agent's word that it works here, by a key of its own and with an end. Takes no
 * claim and moves no epoch; starts nothing. Asking again with the same key keeps the first end, so that a retried step
 * cannot hold for ever; giving back what is not held changes nothing, so that a replay cannot keep a preview awake.
 * On a preview that is being paused it writes that running is wanted, and the holder of the claim resumes.
 *
 * ARGV  2 action: hold | release  3 key of the hold  4 hold only: how long it may last, in ms
 *
 * Returns status `held`, `released`, `not-held` or `absent`. The extra of `held` is when it ends.
 */
import { script } from "./script";

export const holdScript = script(
  "hold",
  `
local action, hold = ARGV[2], ARGV[3]
local state = get('state')
if state == nil then return replyAbsent('absent') end

local endsAt = tonumber(redis.call('ZSCORE', holdsKey, hold) or '0') + 0.0
if action == 'release' and endsAt == 0 then return reply('not-held') end

if action == 'hold' then
  if endsAt <= now then
    endsAt = now + tonumber(ARGV[4])
    remember('held', { 'by', hold, 'until', whole(endsAt) })
  end
  redis.call('ZADD', holdsKey, whole(endsAt), hold)
  if state == 'pausing' and not isSuspended() then set('wanted', 'running') end
else
  redis.call('ZREM', holdsKey, hold)
  -- Nobody waits for it any more.
  if get('waitingSince') and countViewers() == 0 and countHolds() == 0 then
    stopWaiting()
    if not isClaimed() then set('wanted', 'resting') end
  end
  remember('released', { 'by', hold })
end
redis.call('ZREMRANGEBYSCORE', holdsKey, '-inf', whole(now))
local latest = redis.call('ZRANGE', holdsKey, '-1', '-1', 'WITHSCORES')
if latest[2] then set('heldUntil', whole(tonumber(latest[2]))) else unset('heldUntil') end
-- Who gives back a hold in time has worked until now; one that ended by itself counts until its end.
local workedUntil = action == 'hold' and now or math.min(now, endsAt)
if workedUntil > getNumber('lastActiveAt') then set('lastActiveAt', whole(workedUntil)) end
markUsed()
if state == 'running' and not isClaimed() then checkAt(scopeOf(), runningCheckAt()) end
if action == 'hold' then return reply('held', whole(endsAt)) end
return reply('released')
`,
);
