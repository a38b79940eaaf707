/**
 * Writes what the holder of a claim has achieved. Epoch and lease id are both compared, so a late worker changes
 * nothing; a condemned sandbox is refused, so that nobody's kill destroys what is committed; a move that the table of
 * transitions does not have is refused. Idempotent by operation id: the same commit again answers `committed`.
 *
 * ARGV  2 leaseId  3 epoch  4 operation id  5 'hold' | 'release'  6 state to become, '' leaves it
 *       7 states from which that is allowed ",a,b,"  8 reason, '' leaves it  9 wanted, '' leaves it
 *       10 when to look again in ms since the epoch, '+N' in N ms, 'running' at a running preview's own time, '' never,
 *       unless running is wanted by then  11 id of the request that this answers, ''
 *       12 '1' when the record may name no other sandbox than the one that is set
 *       13 sandbox to mark as one that is let go, '' for none: no later commit names it
 *       14 '1' when its sandbox may run on although the record says that it rests  15 when its run ended, '' for by now
 *       16 what a permanent failure of its start was, '' for none  17 '1' when its place is wanted back: it joins the line
 *       18 number of fields to set, then field, value, …, then the fields to remove
 *
 * Returns status `committed`, `lost` (another holds the claim, or the work under this one has come to rest), `condemned`, `occupied` (it names another sandbox, or
 * the sandbox was another preview's) or `illegal`.
 */
import { breaker } from "./breaker";
import { sandboxMemory } from "./sandbox-memory";
import { script } from "./script";

export const commitScript = script(
  "commit",
  `${breaker}${sandboxMemory}
local leaseId, epoch, operation, hold = ARGV[2], ARGV[3], ARGV[4], ARGV[5] == 'hold'
local state, allowed, reason, wanted = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local nextCheckAt, requestId, mustBeFree = ARGV[10], ARGV[11], ARGV[12] == '1'
local condemned, mayRunOn, endedAt = ARGV[13], ARGV[14] == '1', tonumber(ARGV[15])
local failure, rejoins, count = ARGV[16], ARGV[17] == '1', tonumber(ARGV[18])

-- All of this claim's operations and not only the last: a request that was given up may arrive after the next ones.
local operations = get('operations') or ','
if string.find(operations, ',' .. operation .. ',', 1, true) then return reply('committed') end
if get('leaseId') ~= leaseId or get('epoch') ~= epoch then return reply('lost') end
-- Two attempts of one step hold the same claim. What one of them has brought to rest under it the other one, which is late,
-- does not set going again: only a claim leads out of a rest.
local rests = { absent = true, expired = true, failed = true, paused = true }
if state ~= '' and rests[get('state')] and not rests[state] then return reply('lost') end
if state ~= '' and not string.find(allowed, ',' .. get('state') .. ',', 1, true) then return reply('illegal') end

local sandboxId, isTold = get('sandboxId'), condemned ~= ''
for index = 1, count do
  if ARGV[17 + index * 2] == 'sandboxId' then sandboxId, isTold = ARGV[18 + index * 2], true end
end
-- Two attempts of one step hold the same claim: the sandbox of the second must not push out that of the first.
local named = get('sandboxId')
if mustBeFree and named ~= nil and named ~= sandboxId then return reply('occupied') end
local owner = mustBeFree and redis.call('HGET', sandboxKey, 'scope')
if owner and owner ~= scopeOf() then return reply('occupied') end
if sandboxId and redis.call('SISMEMBER', condemnedKey, sandboxId) == 1 then return reply('condemned') end

if rests[get('state')] and sandboxId ~= named and not rests[state] then return reply('lost') end

local endsAt = getNumber('endsAt')
for index = 1, count do set(ARGV[17 + index * 2], ARGV[18 + index * 2]) end
for index = 19 + count * 2, #ARGV do unset(ARGV[index]) end
if condemned ~= '' then redis.call('SADD', condemnedKey, condemned) end
if state ~= '' then become(state, reason, leaseId) elseif reason ~= '' then set('reason', reason) end
if wanted ~= '' then set('wanted', wanted) end
if requestId ~= '' then answerRequest(requestId) end
-- With the claim's end only this one can be sent again by anybody who is still believed, and the record stays small.
set('operations', hold and operations .. operation .. ',' or ',' .. operation .. ',')

if not hold then redis.call('HDEL', recordKey, 'leaseId', 'leaseUntil', 'leaseKind', 'phase', 'phaseAt') end

rememberSandbox(named, get('sandboxId'), condemned, isTold)
local isResting = get('state') == 'paused' or get('state') == 'expired' or get('state') == 'failed'
local mayRun = not isResting or hold or mayRunOn
accountRun(mayRun and get('runStartedAt') or nil, math.min(now, endedAt or now, endsAt > 0 and endsAt or now))
-- Wanted again while it was brought to rest: its place is kept for the way back, which its holder begins now.
local isComingBack = get('wanted') == 'running' and not rejoins and hasPlace()
if not mayRun and isComingBack then takePlace(now + leaseMs)
elseif not mayRun then freePlace()
elseif get('state') == 'running' and not hold then takePlace(getNumber('endsAt'))
elseif not isResting then takePlace(placeUntilAtWork()) end
countFailure(failure, get('state'))
if rejoins and get('wanted') == 'running' then joinLine(true)
elseif get('wanted') == 'resting' then leaveLine() end

if nextCheckAt == '' and get('wanted') == 'running' and get('state') ~= 'failed' then
  -- Somebody asked for it meanwhile: should the holder die before it goes on, the look at the claim's end stays due.
  nextCheckAt = get('nextCheckAt')
elseif nextCheckAt == '' and get('state') == 'paused' then
  -- It is let go after its retention; what could not be let go then is looked at again later.
  checkAt(scopeOf(), math.max(getNumber('pausedAt') + retentionMs, getNumber('keptUntil')))
elseif nextCheckAt == '' then
  unset('nextCheckAt')
  redis.call('ZREM', dueKey, scopeOf())
elseif nextCheckAt == 'running' then
  checkAt(scopeOf(), runningCheckAt())
elseif string.sub(nextCheckAt, 1, 1) == '+' then
  checkAt(scopeOf(), now + tonumber(string.sub(nextCheckAt, 2)))
else
  checkAt(scopeOf(), tonumber(nextCheckAt) + 0.0)
end
return reply('committed')
`,
);
