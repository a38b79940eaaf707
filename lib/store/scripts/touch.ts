/**
 * Records one sign of life in one script: this viewer's presence, the latest activity, and whether the caller should
 * send an event now. Takes no claim and moves no epoch; starts nothing; on a preview that is being paused it writes
 * that running is wanted, and the holder of the claim resumes.
 *
 * ARGV  2 sign: beat | left | activity | unsent  3 viewer, '' for none  4 least ms between two events from beats
 *       5 activity only: when it was, in ms since the epoch (never taken as later than Redis's now)
 *       6 unsent only: the number of the event that could not be sent
 *
 * Returns status `touched`, or `absent` when there is no such preview. The extra is the number of the event to send,
 * or '' for none. A failed send hands its number back with `unsent`, and the next beat sends again.
 */
import { script } from "./script";

export const touchScript = script(
  "touch",
  `
local sign, viewer, emitEveryMs = ARGV[2], ARGV[3], tonumber(ARGV[4])
local state = get('state')
if state == nil then return replyAbsent('absent') end

if sign == 'unsent' then
  if get('emitSeq') == ARGV[6] then unset('emittedAt') end
  return reply('touched')
end

local isAlive = state == 'running' or state == 'pausing' or state == 'resuming'
if sign == 'left' then
  redis.call('ZREM', viewersKey, viewer)
  unset('emittedAt')
  local isLast = (isAlive or state == 'starting') and countViewers() == 0
  if isLast and get('leftAt') == nil then set('leftAt', whole(now)) end
  -- Nobody waits for it any more.
  if get('waitingSince') and countViewers() == 0 and countHolds() == 0 then
    stopWaiting()
    if not isClaimed() then set('wanted', 'resting') end
  end
  if isLast and state == 'running' and not isClaimed() then checkAt(scopeOf(), runningCheckAt()) end
  return reply('touched', isLast and whole(getNumber('emitSeq')) or '')
end

if viewer ~= '' then
  redis.call('ZADD', viewersKey, whole(now), viewer)
  redis.call('ZREMRANGEBYSCORE', viewersKey, '-inf', whole(now - viewerGoneAfterMs))
end
local at = now
if sign == 'activity' then at = math.min(now, tonumber(ARGV[5]) + 0.0) end
if at > getNumber('lastActiveAt') then set('lastActiveAt', whole(at)) end
if viewer ~= '' or at > getNumber('leftAt') then unset('leftAt') end
markUsed()
if state == 'pausing' and at >= getNumber('changedAt') and not isSuspended() then set('wanted', 'running') end

if state == 'running' and not isClaimed() then checkAt(scopeOf(), runningCheckAt()) end

if sign == 'beat' and isAlive and now - getNumber('emittedAt') >= emitEveryMs then
  local number = whole(getNumber('emitSeq') + 1)
  redis.call('HSET', recordKey, 'emittedAt', whole(now), 'emitSeq', number)
  return reply('touched', number)
end
return reply('touched')
`,
);
