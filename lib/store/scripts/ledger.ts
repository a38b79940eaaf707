/**
 * Owns, in Lua, how long each user's sandboxes have run: a run is opened with the start that the provider told, closed
 * when it ends, and added to its days and its month (UTC) then; what still runs counts until now. Part of every script's
 * beginning, so that no change of a run can be written without it. Cannot fail by itself.
 *
 * In the user's hash: `run:<project>` start of the run that is open · `day:<days since 1970>` and `month:<yyyy-mm>`
 * milliseconds of the runs that ended.
 */
export const ledger = `
local dayMs = 86400000.0
local keptDays = 40

-- The civil calendar from a count of days, as Howard Hinnant's "days_from_civil" has it the other way round.
local function monthOf(day)
  local shifted = day + 719468
  local era = math.floor(shifted / 146097)
  local ofEra = shifted - era * 146097
  local yearOfEra = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524)
    - math.floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100))
  local fromMarch = math.floor((5 * ofYear + 2) / 153)
  local month = fromMarch < 10 and fromMarch + 3 or fromMarch - 9
  local year = yearOfEra + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%.0f-%02.0f', year, month)
end

local function addInterval(from, to)
  while from < to do
    local day = math.floor(from / dayMs)
    local ms = math.min(to, (day + 1) * dayMs) - from
    local field = 'day:' .. whole(day)
    if redis.call('HEXISTS', userKey, field) == 0 then
      -- A new day: one that is of no use any more is forgotten, and a few before it, for days without a run.
      for back = keptDays, keptDays + 10 do redis.call('HDEL', userKey, 'day:' .. whole(day - back)) end
    end
    redis.call('HINCRBY', userKey, field, whole(ms))
    redis.call('HINCRBY', userKey, 'month:' .. monthOf(day), whole(ms))
    from = from + ms
  end
end

-- What is open is this run or none; another that was open ended when this one began, or at \`endedAt\`.
local function accountRun(startedAt, endedAt)
  local field = 'run:' .. get('projectId')
  local open = redis.call('HGET', userKey, field)
  if open and open ~= startedAt then
    addInterval(tonumber(open) + 0.0, math.min(endedAt, startedAt and tonumber(startedAt) + 0.0 or endedAt))
  end
  if startedAt then redis.call('HSET', userKey, field, startedAt) else redis.call('HDEL', userKey, field) end
end

-- Previews that many share have the user \`shared\`, who is nobody.
local function isLimited()
  return (maxRunningPerUser > 0 or maxDayMs > 0 or maxMonthMs > 0) and get('userId') ~= 'shared'
end

-- What the user's runs have taken today and this month, and how many places they have beside this preview's.
local function userTotals()
  local today = math.floor(now / dayMs)
  local month = monthOf(today)
  local dayTotal, monthTotal, others = 0.0, 0.0, 0
  local own, starts, ends = get('projectId'), {}, {}
  local fields = redis.call('HGETALL', userKey)
  for index = 1, #fields, 2 do
    local kind, rest = string.match(fields[index], '^(%a+):(.+)$')
    local number = tonumber(fields[index + 1])
    if kind == 'day' and rest == whole(today) then dayTotal = dayTotal + number end
    if kind == 'month' and rest == month then monthTotal = monthTotal + number end
    if kind == 'run' then starts[rest] = number + 0.0 end
    if kind == 'place' then
      ends[rest] = number + 0.0
      if rest ~= own and number > now then others = others + 1 end
    end
  end
  for project, startedAt in pairs(starts) do
    local endsAt = math.min(now, ends[project] or now)
    dayTotal = dayTotal + math.max(0, endsAt - math.max(startedAt, today * dayMs))
    if monthOf(math.floor(startedAt / dayMs)) == month then
      monthTotal = monthTotal + math.max(0, endsAt - startedAt)
    end
  end
  return dayTotal, monthTotal, others
end
`;
