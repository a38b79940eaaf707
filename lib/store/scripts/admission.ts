/**
 * Owns, in Lua, whether an open may go on to what costs something: the operator's switch, the project's breaker, the user's
 * limits, and a place. Who is refused is told why and wants nothing any more; who has to wait stands in the line and is
 * wanted running. Part of the claim, so that nothing happens between the answer and the place. Cannot fail.
 */
export const admission = `
local function refuse(why)
  redis.call('HSET', recordKey, 'refusedBecause', why, 'refusedAt', whole(now))
  leaveLine()
  -- Who holds the claim and is refused goes no further; another's work is not this caller's to give up.
  if not isClaimed() or get('leaseId') == ARGV[5] then set('wanted', 'resting') end
  return reply('refused', why)
end

-- A way to running that is under way is never stopped here: only what begins something new.
local function whyNot(begins)
  if begins and switch('stop-creating') then return 'creating-stopped' end
  if maxRunningPerUser == 0 and maxDayMs == 0 and maxMonthMs == 0 then return nil end
  local dayTotal, monthTotal, others = userTotals()
  if maxRunningPerUser > 0 and others >= maxRunningPerUser then return 'user-limit' end
  if maxDayMs > 0 and dayTotal >= maxDayMs then return 'usage-limit' end
  if maxMonthMs > 0 and monthTotal >= maxMonthMs then return 'usage-limit' end
  return nil
end

-- Its project's starts fail: this one is not tried, and says why, until a person tries again.
local function isBroken(state, byPerson)
  if state == 'failed' and byPerson then redis.call('DEL', breakerKey) end
  if redis.call('HEXISTS', breakerKey, 'openedAt') == 0 then return false end
  set('brokenReason', redis.call('HGET', breakerKey, 'reason'))
  become('failed', 'project-broken', get('leaseId') or 'breaker')
  set('wanted', 'resting')
  leaveLine()
  return true
end

-- The answer to give instead of the claim, or nil when it may be granted; then its place is taken.
local function admit(state, entered, byPerson, isAdmitted)
  local begins = entered == 'starting' and state ~= 'starting'
  if hasPlace() and not begins then return nil end
  local why = whyNot(begins)
  if why then return refuse(why) end
  if begins and isBroken(state, byPerson) then return reply('needs-person') end
  if isAdmitted and get('waitingSince') == nil then
    freePlace()
    return reply('not-applicable')
  end
  if not hasPlace() and (placesLeft() < 1 or (redis.call('ZCARD', lineKey) > 0 and not isAdmitted)) then
    set('wanted', 'running')
    joinLine(false)
    checkAt(scopeOf(), now + idleAfterMs)
    return reply('waiting', isLineServed() and '' or '1')
  end
  return nil
end
`;
