/**
 * Owns, in Lua, who has a place among the plan's sandboxes, and the line of those who wait for one. A place is taken
 * before the provider is asked for anything and lasts until the provider's own end at the latest, so what a dead worker
 * held comes free by itself. The line is fair across users by start tags (start-time fair queueing, Goyal and others,
 * 1996): each request of a user stands one round behind that user's last, and behind the places that the user has, so
 * nobody's many go before another's first, and nobody is overtaken for ever. Part of every script's beginning. Cannot
 * fail by itself.
 */
export const places = `
local function fleetNumber(field) return tonumber(redis.call('HGET', fleetKey, field) or '0') + 0.0 end
local function switch(name) return redis.call('HGET', fleetKey, 'switch:' .. name) or nil end

local function hasPlace()
  local untilAt = redis.call('ZSCORE', placesKey, scopeOf())
  return untilAt and tonumber(untilAt) > now or false
end

local function placesTaken()
  return redis.call('ZCOUNT', placesKey, '(' .. whole(now), '+inf')
end

local function placesLeft()
  return planConcurrency - fleetNumber('foreign') - placesTaken()
end

local function takePlace(untilAt)
  redis.call('ZREMRANGEBYSCORE', placesKey, '-inf', whole(now))
  redis.call('ZADD', placesKey, whole(untilAt), scopeOf())
  redis.call('ZADD', usedKey, whole(usedUntil()), scopeOf())
  redis.call('HSET', userKey, 'place:' .. get('projectId'), whole(untilAt))
end

local function freePlace()
  redis.call('ZREM', placesKey, scopeOf())
  redis.call('ZREM', usedKey, scopeOf())
  redis.call('HDEL', userKey, 'place:' .. get('projectId'))
end

-- While work is under way: a create that arrives late may run for so long.
local function placeUntilAtWork() return math.max(getNumber('endsAt'), now + keepAliveMs + leaseMs) end

-- For every sign of life: who is used last gives its place away last.
local function markUsed()
  if redis.call('ZSCORE', usedKey, scopeOf()) then
    redis.call('ZADD', usedKey, whole(usedUntil()), scopeOf())
  end
end

-- For a while its turn is remembered: a page that is loaded again leaves and comes back.
local function rememberTurn(turn)
  local number = redis.call('HGET', fleetKey, 'lineNumber')
  set('lineTurn', table.concat({ turn, number, whole(now), get('waitingSince') or whole(now) }, ','))
end

local function leaveLine()
  local turn = redis.call('ZSCORE', lineKey, scopeOf())
  if turn then
    redis.call('ZREM', lineKey, scopeOf())
    rememberTurn(whole(tonumber(turn)))
    -- Who leaves has had nothing of this round: the next request of the same user stands in it again.
    local round = math.floor(tonumber(turn) / 1000000)
    local isLast = tonumber(redis.call('HGET', userKey, 'lineRound') or '0') == round
    if isLast then redis.call('HSET', userKey, 'lineRound', whole(round - 1)) end
  end
  unset('waitingSince')
end

-- Nobody waits for it any more: a place that was offered to it meanwhile comes free.
local function stopWaiting()
  if get('waitingSince') == nil then return end
  -- Offered a place already: in front, should it come back.
  local isOffered = hasPlace() and not redis.call('ZSCORE', lineKey, scopeOf())
  if isOffered and not isClaimed() then rememberTurn(whole((fleetNumber('lineRound') - 1) * 1000000)) end
  if not isClaimed() then freePlace() end
  leaveLine()
end

-- Where it stood before it left a moment ago, in this same line.
local function turnBefore(number)
  local turn, of, leftAt, since = string.match(get('lineTurn') or '', '^(.+),(.+),(.+),(.+)$')
  unset('lineTurn')
  if turn == nil or of ~= number or now - tonumber(leftAt) >= graceAfterLeftMs then return nil end
  set('waitingSince', since)
  return tonumber(turn) + 0.0
end

-- In front: who had a place and lost it to somebody outside, or was offered one that could not be taken up in time, has
-- waited already.
local function joinLine(isInFront)
  if redis.call('ZSCORE', lineKey, scopeOf()) then return end
  if get('waitingSince') then isInFront = true else set('waitingSince', whole(now)) end
  if redis.call('ZCARD', lineKey) == 0 then
    redis.call('HINCRBY', fleetKey, 'lineNumber', '1')
    -- The first admission is measured from here.
    redis.call('HSET', fleetKey, 'lineRound', '0', 'lineCount', '0', 'admittedAt', whole(now))
  end
  local number, round = redis.call('HGET', fleetKey, 'lineNumber'), fleetNumber('lineRound')
  local isSameLine = redis.call('HGET', userKey, 'lineNumber') == number
  local last = tonumber(redis.call('HGET', userKey, 'lineRound') or '0')
  -- The previews that many share have one user, who is nobody: each stands for itself.
  if get('userId') == 'shared' then
    last = round
  elseif not isSameLine then
    -- New to this line: the places that the user has count like rounds that were had.
    local _, _, others = userTotals()
    last = round + others
  end
  -- Before all that wait, and behind those who came back in front earlier.
  local before = turnBefore(number)
  if before then
    redis.call('ZADD', lineKey, whole(before), scopeOf())
    redis.call('HSET', userKey, 'lineNumber', number, 'lineRound', whole(math.max(math.floor(before / 1000000), last)))
    return
  end
  if isInFront then round = round - 1 else round = math.max(round, last) + 1 end
  local count = redis.call('HINCRBY', fleetKey, 'lineCount', '1')
  redis.call('ZADD', lineKey, whole(round * 1000000 + count), scopeOf())
  redis.call('HSET', userKey, 'lineNumber', number, 'lineRound', whole(math.max(round, last)))
end

-- Whether somebody looks after the line, or was called a moment ago; who joins an unattended one has to call for it.
local function isLineServed()
  if fleetNumber('lineServedUntil') > now then return true end
  redis.call('HSET', fleetKey, 'lineServer', 'called', 'lineServedUntil', whole(now + healAfterMs))
  return false
end

-- Position from 1, or 0 once a place is offered, and how long that may take by the last admissions; nothing when there is
-- nothing to go by.
local function standing()
  if get('waitingSince') == nil then return '', '' end
  local turn = redis.call('ZSCORE', lineKey, scopeOf())
  -- A place is offered, or the offer lapsed and it is about to stand in front: it waits, whatever came of that.
  if not turn then return '0', '' end
  local position = redis.call('ZCOUNT', lineKey, '-inf', '(' .. turn) + 1
  local every = fleetNumber('admitEveryMs')
  if every == 0 then return whole(position), '' end
  -- A line that has not moved for longer than usual is not said to move as usual.
  every = math.max(every, now - fleetNumber('admittedAt'))
  return whole(position), whole(position * every)
end
`;
