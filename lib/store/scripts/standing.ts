/**
 * Owns, in Lua, how one sandbox of the provider's list stands to the records: one word, read at one moment. Part of the
 * audit's scripts, so that what is said of a sandbox and what is then done to it follow one rule. It must call a sandbox
 * `never-named` or `let-go`, which are killed, only by what is positively remembered: absence of memory is what a loss of
 * writes looks like. Cannot fail.
 *
 * KEYS of a sandbox, five from `at` on: record · condemned · sandbox · forgotten · ticket.
 *
 *   named        the record names it
 *   others       it is remembered as another preview's, whatever its labels say
 *   unknown      there is no record
 *   claimed      somebody is at work on the preview and may be about to name it
 *   unnamed      the record names none; this may be the one that it lost
 *   orphan       the record names another, or will never name it
 *   never-named  the same, and it is remembered that it was made and never named
 *   let-go       it was given up for good, or its preview was forgotten
 */
export const standing = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000.0)
local function whole(number) return string.format('%.0f', number) end

local function readRecord(at)
  local found = redis.call('HMGET', KEYS[at], 'state', 'sandboxId', 'epoch', 'leaseId', 'leaseUntil', 'epochFloor',
    'forgottenEpoch', 'runStartedAt', 'endsAt', 'keptUntil')
  return { state = found[1], sandboxId = found[2], epoch = tonumber(found[3] or '0'),
    isClaimed = found[4] and tonumber(found[5] or '0') > now, floor = tonumber(found[6] or '0'),
    forgotten = found[7], runStartedAt = found[8] or '', endsAt = found[9] or '', keptUntil = found[10] or '' }
end

local function isForgotten(at, record, labelEpoch)
  local epoch = redis.call('HGET', KEYS[at + 3], 'epoch') or record.forgotten
  return epoch and labelEpoch <= tonumber(epoch)
end

local function standingOf(at, record, sandboxId, labelEpoch, scope)
  if record.sandboxId == sandboxId then return 'named' end
  local memory = redis.call('HMGET', KEYS[at + 2], 'scope', 'letGoAt')
  if memory[1] and memory[1] ~= scope then return 'others' end
  if isForgotten(at, record, labelEpoch) then return 'let-go' end
  if memory[2] then return 'let-go' end
  if not record.state then return 'unknown' end
  local isCondemned = redis.call('SISMEMBER', KEYS[at + 1], sandboxId) == 1
  local isAnother = record.sandboxId or isCondemned
  if not isAnother and record.isClaimed then return 'claimed' end
  -- A start that names none yet goes on with what it finds: its naming may be what was lost.
  local isOver = isAnother or record.state ~= 'starting'
  local isMade = isOver and not memory[1] and labelEpoch <= record.epoch
  if isMade and redis.call('EXISTS', KEYS[at + 4]) == 1 then return 'never-named' end
  return isAnother and 'orphan' or 'unnamed'
end
`;
