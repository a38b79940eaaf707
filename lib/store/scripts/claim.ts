/**
 * Takes the claim on one preview, or says why not. Atomic, because between reading "nobody is at work" and writing
 * "I am" another worker would do the same (a naive read-then-write lost a workspace in 23 % of simulated runs).
 * Idempotent by lease id: the same caller asking again, after a lost answer, is granted the same epoch.
 *
 * ARGV  2 projectId  3 userId  4 kind (open | pause | renew | sync | settle | adopt | retire)  5 leaseId  6 lease in ms
 *       7 moves ",from=entered,…" from the table of transitions  8 reason of the entered state, '' for the usual one
 *       9 wanted to write, '' leaves it  10 viewer that asks, '' for none
 *       11 open: least time left for warm, in ms  12 open: '1' when a person asks (a failed preview starts only then)
 *       13 pause, renew: least idleness in ms, '' for none  14 pause: '1' when no viewer may be there
 *       15 boot id to use when a start begins  16 id of the request, '' for none; answered once
 *       17 epoch that the decision was made on, '' for none: whoever claimed since knows better
 *       18 pause, renew: '1' when no hold may be there  19 open: '1' when its turn in the line has come
 *       20 adopt: the highest epoch that the provider knows of this preview
 *
 * Returns status
 *   granted        the caller may write under the epoch in the record
 *   warm           it runs, with time left; nothing was claimed
 *   busy           another holds the claim, or took it since the decision; what an open wants was written all the same,
 *                  and the holder goes on to it
 *   active         pause and renew only: somebody was active or is there, nothing may be paused, or the suspension for
 *                  which it was to rest has been lifted
 *   waiting        open only: no place is free; it stands in the line. The extra is '1' when nobody looks after the line
 *   refused        open only: it may not run; the extra says why, and the record too until it is granted
 *   needs-person   open only: it failed, and starts again only at a person's click
 *   not-applicable the kind has no move from this state
 *   completed      the request was answered before
 */
import { admission } from "./admission";
import { script } from "./script";

export const claimScript = script(
  "claim",
  `${admission}
local kind, leaseId, leaseMs = ARGV[4], ARGV[5], tonumber(ARGV[6])
local moves, reason, wanted, viewer = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local warmMarginMs, byPerson = tonumber(ARGV[11]), ARGV[12] == '1'
local idleForMs, requireEmpty = ARGV[13], ARGV[14] == '1'
local bootId, requestId, ifEpoch, requireUnheld = ARGV[15], ARGV[16], ARGV[17], ARGV[18] == '1'
local isAdmitted, epochFloor = ARGV[19] == '1', ARGV[20]

local state = get('state')
if state == nil then
  if kind ~= 'open' and kind ~= 'adopt' then return replyAbsent('not-applicable') end
  state = 'absent'
  -- What was made before it was forgotten has an epoch up to this one, and is nobody's any more.
  local forgotten = redis.call('HGET', forgottenKey, 'epoch')
  redis.call('HSET', recordKey, 'v', '1', 'projectId', ARGV[2], 'userId', ARGV[3], 'state', state,
    'wanted', 'resting', 'epoch', forgotten or '0', 'reason', 'never-opened', 'changedAt', whole(now))
  if forgotten then set('forgottenEpoch', forgotten) end
  redis.call('SADD', userPreviewsKey, ARGV[2])
  redis.call('SADD', projectPreviewsKey, ARGV[3])
  redis.call('ZADD', previewsKey, whole(now), scopeOf())
end

local isOwn = get('leaseId') == leaseId
if isOwn and get('leaseKind') == kind then
  set('leaseUntil', whole(now + leaseMs))
  checkAt(scopeOf(), now + leaseMs)
  return reply('granted')
end
-- The caller's own claim of another kind does not stand in its way, but it is a new claim: the state has to move.
local isOthers = isClaimed() and not isOwn
if ifEpoch ~= '' and ifEpoch ~= get('epoch') then return reply('busy') end
if requestId ~= '' and redis.call('ZSCORE', requestsKey, requestId) then return reply('completed') end
-- Before it counts as a sign of life, which would put off the rest of what still runs.
if isSuspended() and (kind == 'open' or kind == 'adopt') then return refuse('suspended') end
if viewer ~= '' then redis.call('ZADD', viewersKey, whole(now), viewer) end
if kind == 'open' and (byPerson or viewer ~= '') then
  set('lastActiveAt', whole(now))
  unset('leftAt')
end
if kind == 'open' and state == 'failed' and not byPerson and not isAdmitted then return reply('needs-person') end

if kind == 'pause' and switch('hold-everything') then return reply('active') end
if kind == 'pause' or kind == 'renew' then
  if idleForMs ~= '' and now - usedUntil() < tonumber(idleForMs) then return reply('active') end
  if requireEmpty and countViewers() > 0 then return reply('active') end
  if requireUnheld and countHolds() > 0 then return reply('active') end
end
-- It was lifted since that was decided: they are using it again. A pause that has begun is finished all the same.
if kind == 'pause' and reason == 'suspended' and state == 'running' and not isSuspended() then return reply('active') end

-- Past its end the provider has paused it, and work inside would wake it for nobody.
if kind == 'sync' and getNumber('endsAt') <= now then return reply('not-applicable') end

-- A failed start keeps its sandbox: another is not taken in its place.
if kind == 'adopt' and get('sandboxId') ~= nil then return reply('not-applicable') end

local entered = string.match(moves, ',' .. state .. '=(%a+)')
if entered == nil then return reply('not-applicable') end

if kind == 'open' and state == 'running' and not isOthers and getNumber('endsAt') > now + warmMarginMs then
  set('wanted', 'running')
  if requestId ~= '' then answerRequest(requestId) end
  return reply('warm')
end
-- Its turn came when nobody waited any more: what was offered comes free, and nothing is wished for.
if isAdmitted and get('waitingSince') == nil then
  local isAtRest = state == 'absent' or state == 'paused' or state == 'expired' or state == 'failed'
  if isAtRest and not isClaimed() then freePlace() end
  return reply('not-applicable')
end
-- A pause that is taken over has written its wish before: what is wanted by now came later.
local isWishOlder = kind ~= 'open' and (isClaimed() or state == 'pausing')
if wanted ~= '' and not isWishOlder then set('wanted', wanted) end
if isOthers then
  if kind == 'open' and requestId ~= '' then answerRequest(requestId) end
  return reply('busy')
end

if kind == 'open' then
  local answer = admit(state, entered, byPerson, viewer, isAdmitted)
  if answer then return answer end
  redis.call('HDEL', recordKey, 'refusedBecause', 'refusedAt', 'brokenReason', 'lineTurn')
  leaveLine()
end

local previousKind = get('leaseKind') or ''
unset('operations')
local epoch = math.max(getNumber('epoch'), getNumber('epochFloor'), tonumber(epochFloor) or 0) + 1
unset('epochFloor')
redis.call('HSET', recordKey, 'epoch', whole(epoch), 'leaseId', leaseId, 'leaseKind', kind,
  'leaseUntil', whole(now + leaseMs))
if previousKind == '' or previousKind ~= kind then
  redis.call('HSET', recordKey, 'phase', 'claimed', 'phaseAt', whole(now))
  -- Who comes back from a renewal has waited since it began, and not only since its second half.
  if not (isOwn and previousKind == 'renew') then set('claimedAt', whole(now)) end
end
if entered == 'starting' and (state ~= 'starting' or get('bootId') == nil) then set('bootId', bootId) end
if entered == 'starting' and state ~= 'starting' then redis.call('DEL', logKey) end
if reason == '' then reason = entered == 'resuming' and 'returned' or 'requested' end
if entered ~= state then become(entered, reason, leaseId) end
if kind == 'open' or kind == 'adopt' or kind == 'renew' then takePlace(placeUntilAtWork()) end
checkAt(scopeOf(), now + leaseMs)
return reply('granted')
`,
);
