/**
 * Owns, in Lua, whether an open may go on to what costs something: the operator's switch, the project's breaker, the user's
 * limits, and a place. Who is refused is told why and wants nothing any more; who has to wait stands in the line and is
 * wanted running. Part of the claim, so that nothing happens between the answer and the place. Cannot fail.
 */
export const admission = `
local function refuse(why)
  redis.call('HSET', recordKey, 'refusedBecause', why, 'refusedAt', whole(now))
  stopWaiting()
  -- Who holds the claim and is refused goes no further; another's work is not this caller's to give up.
  if not isClaimed() or get('leaseId') == ARGV[5] then set('wanted', 'resting') end
  return reply('refused', why)
end

-- A way to running that is under way is never stopped here: only what begins something new.
local function whyNot(begins)
  if begins and switch('stop-creating') then return 'creating-stopped' end
  if not isLimited() then return nil end
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
  stopWaiting()
  return true
end

-- It stands in line for somebody who went away without a word: for as long as a preview counts as used.
local function isForNobody(byPerson, viewer)
  if byPerson or viewer ~= '' or get('waitingSince') == nil then return false end
  return countViewers() == 0 and countHolds() == 0 and now - usedUntil() >= idleAfterMs
end

-- The answer to give instead of the claim, or nil when it may be granted; then its place is taken.
local function admit(state, entered, byPerson, viewer, isAdmitted)
  if isForNobody(byPerson, viewer) then
    stopWaiting()
    set('wanted', 'resting')
    return reply('not-applicable')
  end
  local begins = entered == 'starting' and state ~= 'starting'
  -- One that goes on with what it had; an offered place is not its own yet.
  if hasPlace() and not begins and get('waitingSince') == nil then return nil end
  local why = whyNot(begins)
  if why then return refuse(why) end
  if begins and isBroken(state, byPerson) then return reply('needs-person') end
  if not hasPlace() and (placesLeft() < 1 or (redis.call('ZCARD', lineKey) > 0 and not isAdmitted)) then
    set('wanted', 'running')
    joinLine(false)
    checkAt(scopeOf(), now + idleAfterMs)
    return reply('waiting', isLineServed() and '' or '1')
  end
  return nil
end
`;
