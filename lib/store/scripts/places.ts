/**
 * Owns, in Lua, who has a place among the plan's sandboxes, and the line of those who wait for one. A place is taken
 * before the provider is asked for anything and lasts until the provider's own end at the latest, so what a dead worker
 * held comes free by itself. The line is fair across users by start tags (start-time fair queueing, Goyal and others,
 * 1996): each request of a user stands one round behind that user's last, so nobody's many go before another's first,
 * and nobody is overtaken for ever. Part of every script's beginning. Cannot fail by itself.
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

local function leaveLine()
  if redis.call('ZREM', lineKey, scopeOf()) == 0 and get('waitingSince') == nil then return end
  unset('waitingSince')
end

-- In front: who had a place and lost it to somebody outside has waited already.
local function joinLine(isInFront)
  if get('waitingSince') == nil then set('waitingSince', whole(now)) end
  if redis.call('ZSCORE', lineKey, scopeOf()) then return end
  if redis.call('ZCARD', lineKey) == 0 then
    redis.call('HINCRBY', fleetKey, 'lineNumber', '1')
    redis.call('HSET', fleetKey, 'lineRound', '0', 'lineCount', '0')
  end
  local number, round = redis.call('HGET', fleetKey, 'lineNumber'), fleetNumber('lineRound')
  local isSameLine = redis.call('HGET', userKey, 'lineNumber') == number
  local last = isSameLine and tonumber(redis.call('HGET', userKey, 'lineRound') or '0') or 0
  if not isInFront then round = math.max(round, last) + 1 end
  local count = redis.call('HINCRBY', fleetKey, 'lineCount', '1')
  redis.call('ZADD', lineKey, whole(round * 1000000 + count), scopeOf())
  redis.call('HSET', userKey, 'lineNumber', number, 'lineRound', whole(math.max(round, last)))
end

-- Whether somebody looks after the line; who joins an unattended one has to call for it.
local function isLineServed() return fleetNumber('lineServedUntil') > now end

-- Position from 1, and how long that may take by the last admissions; nothing when there is nothing to go by.
local function standing()
  if get('waitingSince') == nil then return '', '' end
  local members = redis.call('ZSCORE', lineKey, scopeOf())
  if not members then return '', '' end
  local position = redis.call('ZCOUNT', lineKey, '-inf', '(' .. members) + 1
  local every = fleetNumber('admitEveryMs')
  if every == 0 then return whole(position), '' end
  -- A line that has not moved for longer than usual is not said to move as usual.
  every = math.max(every, now - fleetNumber('admittedAt'))
  return whole(position), whole(position * every)
end
`;
