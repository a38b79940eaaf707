/**
 * Holds on to a claim just before a sandbox is made, and remembers that: E2B's create has no idempotency key, and a
 * sandbox whose ticket is known here while its own memory is empty is one that no record ever named. Without the ticket it
 * could as well be one whose naming was lost with the last acknowledged writes, and would have to be kept for good.
 *
 * KEYS  22 the ticket   ARGV  2 leaseId  3 epoch  4 lease in ms
 *
 * Returns status `begun` or `lost`.
 */
import { script } from "./script";

export const beginCreateScript = script(
  "begin-create",
  `
local ticketKey, leaseId, epoch, leaseMs = KEYS[22], ARGV[2], ARGV[3], tonumber(ARGV[4])
if get('leaseId') ~= leaseId or get('epoch') ~= epoch then return reply('lost') end
set('leaseUntil', whole(now + leaseMs))
checkAt(scopeOf(), now + leaseMs)
if redis.call('ZSCORE', placesKey, scopeOf()) then takePlace(placeUntilAtWork()) end
-- Longer than audits that fail in a row; without it the sandbox merely stays, paused.
redis.call('SET', ticketKey, '1', 'PX', '604800000')
return reply('begun')
`,
);
