/**
 * Holds on to a claim and says how far its work has come. Refused when another took it over in the meantime: then the
 * caller must stop without touching anything. A lapsed lease that nobody took is renewed, since nothing happened.
 *
 * ARGV  2 leaseId  3 epoch  4 lease in ms  5 phase, '' leaves it  6 log tail to show, '' leaves it
 *
 * Returns status `renewed` or `lost`.
 */
import { script } from "./script";

export const renewLeaseScript = script(
  "renew-lease",
  `
local leaseId, epoch, leaseMs, phase, tail = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
if get('leaseId') ~= leaseId or get('epoch') ~= epoch then return reply('lost') end
set('leaseUntil', whole(now + leaseMs))
checkAt(scopeOf(), now + leaseMs)
if redis.call('ZSCORE', placesKey, scopeOf()) then takePlace(placeUntilAtWork()) end
if phase ~= '' and phase ~= get('phase') then redis.call('HSET', recordKey, 'phase', phase, 'phaseAt', whole(now)) end
if tail ~= '' then redis.call('SET', logKey, tail, 'PX', '86400000') end
return reply('renewed')
`,
);
