/**
 * Reads and marks for the audit: how a page of the provider's sandboxes stands to the records, which of those that records
 * name were not on any page, and the mark on a sandbox that is about to be stopped. One call a page, whatever its size.
 */
import type { Script } from "@/lib/redis";
import { standing } from "./standing";

/**
 * KEYS  1 named  2 what a dry run has seen  3 fleet  4… five for each sandbox
 * ARGV  1 '1' to mark, '' for a dry run  2… for each: id, "projectId/userId", epoch of its labels
 *
 * Those that are named are marked as seen now, and an epoch above the record's becomes the floor of later ones.
 * Returns now, '1' when everything is held, and for each its word, the record's state, '1' while it is claimed, start and
 * end of its run, and until when it is kept beyond its retention; all but the word are '' where no record names it.
 */
export const auditPageScript: Script = {
  name: "audit-page",
  lua: `${standing}
local isMarking, found = ARGV[1] == '1', {}
for index = 0, (#ARGV - 1) / 3 - 1 do
  local at, sandboxId, scope = 4 + index * 5, ARGV[2 + index * 3], ARGV[3 + index * 3]
  local labelEpoch = tonumber(ARGV[4 + index * 3])
  local record = readRecord(at)
  local word = standingOf(at, record, sandboxId, labelEpoch, scope)
  if word == 'named' then
    if isMarking then redis.call('ZADD', KEYS[1], whole(now), sandboxId .. '/' .. scope)
    else redis.call('SADD', KEYS[2], sandboxId) end
    found[#found + 1] = { word, record.state, record.isClaimed and '1' or '', record.runStartedAt, record.endsAt,
      record.keptUntil }
  else
    found[#found + 1] = { word, '', '', '', '', '' }
  end
  -- Writes were lost since it was made: what comes later must be above it all the same.
  if isMarking and record.state and labelEpoch > math.max(record.epoch, record.floor) then
    redis.call('HSET', KEYS[at], 'epochFloor', whole(labelEpoch))
  end
end
if not isMarking then redis.call('PEXPIRE', KEYS[2], '3600000') end
return { whole(now), redis.call('HGET', KEYS[3], 'switch:hold-everything') and '1' or '', found }
`,
};

/**
 * KEYS  1 fleet  2… five of the sandbox
 * ARGV  1 sandbox id  2 epoch of its labels  3 '1' to mark, '' for a dry run  4 "projectId/userId"
 *
 * Marked first, so that no late worker commits it, and refused when the record has come to name it since.
 * Returns `kill`, `pause`, `held` (nothing is stopped while an operator looks) or `leave`.
 */
export const condemnOrphanScript: Script = {
  name: "condemn-orphan",
  lua: `${standing}
local sandboxId, labelEpoch = ARGV[1], tonumber(ARGV[2])
local record = readRecord(2)
local word = standingOf(2, record, sandboxId, labelEpoch, ARGV[4])
if word ~= 'orphan' and word ~= 'never-named' and word ~= 'let-go' then return 'leave' end
if redis.call('HGET', KEYS[1], 'switch:hold-everything') then return 'held' end
-- Of a preview that was forgotten nothing is written: no record can name it.
if ARGV[3] == '1' and record.state then redis.call('SADD', KEYS[3], sandboxId) end
return word == 'orphan' and 'pause' or 'kill'
`,
};

/**
 * KEYS  1 named  2 what a dry run has seen   ARGV  1 not seen since  2 leave out so many  3 most to answer
 *
 * Returns how many were looked through, '1' when there are more of them, and of those that were looked through the ones that
 * no page had, as "sandboxId/projectId/userId".
 */
export const auditUnseenScript: Script = {
  name: "audit-unseen",
  lua: `
local atOnce, most = 1000, tonumber(ARGV[3])
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', ARGV[2], atOnce)
local looked, unseen = 0, {}
while looked < #members and #unseen < most do
  looked = looked + 1
  local sandboxId = string.match(members[looked], '^[^/]+')
  if redis.call('SISMEMBER', KEYS[2], sandboxId) == 0 then unseen[#unseen + 1] = members[looked] end
end
return { looked, (looked < #members or #members == atOnce) and '1' or '', unseen }
`,
};
