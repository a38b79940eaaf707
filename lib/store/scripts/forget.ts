/**
 * Forgets one preview, in two moves with the killing between them: the first takes the preview away from everybody else
 * and says for a while that it was forgotten; the second removes the record and every key of it. A worker that dies between
 * them leaves what the same two moves finish. What comes late is known by its epoch, and is killed by the audit.
 */
import { script } from "./script";

/** What is true of a sandbox's disk, and of no other's; `settle.ts` removes the same. */
const ofTheSandbox =
  "'pausedAt', 'bootId', 'filesFor', 'generation', 'sealHash', 'safeAt', 'keptUntil', 'damagedAt'";

/** Longer than any claim, any step's retries and any create that answers late. */
const REMEMBER_FORGOTTEN_MS = 86_400_000;

/**
 * The record names no sandbox any more when this returns: one that is marked is refused to every later commit, so a record
 * that still named it would be stuck for ever, should the second move never come.
 *
 * KEYS  22… what is remembered of each sandbox
 * ARGV  2 leaseId  3 lease in ms  4 the highest epoch that the provider knows of it  5… the sandboxes to mark, in that order
 *
 * Returns status `begun`, or `held` while nothing may be killed. The extra is '1' or '0' for whether there was a record, the
 * epoch up to which everything is forgotten, and the sandboxes that the record named, with spaces between.
 */
export const forgetBeginScript = script(
  "forget-begin",
  `
local function letGoOf(sandboxId)
  if sandboxId == nil then return '' end
  redis.call('SADD', condemnedKey, sandboxId)
  redis.call('ZREM', namedKey, sandboxId .. '/' .. scopeOf())
  return ' ' .. sandboxId
end

local leaseId, leaseMs, epoch = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local isThere, named = get('state') ~= nil, ''
if switch('hold-everything') then return isThere and reply('held', '1') or replyAbsent('held') end
epoch = math.max(epoch, tonumber(redis.call('HGET', forgottenKey, 'epoch') or '0'))
if isThere then
  epoch = math.max(epoch, getNumber('epoch'), getNumber('epochFloor')) + 1
  redis.call('HSET', recordKey, 'epoch', whole(epoch), 'leaseId', leaseId, 'leaseKind', 'retire', 'phase', 'claimed',
    'phaseAt', whole(now), 'leaseUntil', whole(now + leaseMs), 'wanted', 'resting')
  leaveLine()
  checkAt(scopeOf(), now + leaseMs)
  for index = 5, #ARGV do
    redis.call('SADD', condemnedKey, ARGV[index])
    redis.call('HSET', KEYS[17 + index], 'scope', scopeOf(), 'letGoAt', whole(now))
    redis.call('PEXPIRE', KEYS[17 + index], whole(rememberMs))
  end
  named = letGoOf(get('sandboxId')) .. letGoOf(get('asideId'))
  accountRun(nil, math.min(now, getNumber('endsAt') > 0 and getNumber('endsAt') or now))
  redis.call('HDEL', recordKey, 'sandboxId', 'asideId', 'runStartedAt', 'endsAt', ${ofTheSandbox})
  if get('state') ~= 'absent' then become('expired', 'killed', leaseId) end
end
redis.call('HSET', forgottenKey, 'at', whole(now), 'epoch', whole(epoch))
redis.call('PEXPIRE', forgottenKey, '${REMEMBER_FORGOTTEN_MS}')
if isThere then return reply('begun', '1 ' .. whole(epoch) .. named) end
local answer = replyAbsent('begun')
answer[5] = '0 ' .. whole(epoch)
return answer
`,
);

/**
 * KEYS  22… what is remembered of each sandbox   ARGV  2 leaseId  3 projectId  4 userId  5… the sandboxes, in that order
 *
 * Returns status `forgotten`, or `lost` when somebody has claimed it since. The extra is how many entries its history had.
 */
export const forgetEndScript = script(
  "forget-end",
  `
local isThere = get('state') ~= nil
if isThere and get('leaseId') ~= ARGV[2] then return reply('lost') end
local scope = ARGV[3] .. '/' .. ARGV[4]
local entries = redis.call('XLEN', historyKey)
if isThere then
  -- What its sandbox has run until now stays the user's; that it was this preview's does not.
  accountRun(nil, math.min(now, getNumber('endsAt') > 0 and getNumber('endsAt') or now))
end
redis.call('HDEL', userKey, 'place:' .. ARGV[3], 'run:' .. ARGV[3])
for index = 5, #ARGV do
  redis.call('ZREM', namedKey, ARGV[index] .. '/' .. scope)
  redis.call('DEL', KEYS[17 + index])
end
redis.call('ZREM', dueKey, scope)
redis.call('ZREM', placesKey, scope)
redis.call('ZREM', usedKey, scope)
redis.call('ZREM', lineKey, scope)
redis.call('ZREM', previewsKey, scope)
redis.call('SREM', userPreviewsKey, ARGV[3])
redis.call('SREM', projectPreviewsKey, ARGV[4])
-- The line's last answer names whom it admitted; who asks again for it is given none.
redis.call('HDEL', fleetKey, 'look', 'lookAdmitted', 'lookToRest')
redis.call('DEL', recordKey, viewersKey, condemnedKey, logKey, requestsKey, holdsKey, historyKey, sandboxesKey)
return { 'forgotten', whole(now), { '0', '0', '', '', '', '', '', '' }, {}, whole(entries) }
`,
);

/** Returns the ids of all sandboxes that the preview had, as long as they are remembered. */
export const sandboxesOfScript = script(
  "sandboxes-of",
  `
return redis.call('SMEMBERS', sandboxesKey)
`,
);
