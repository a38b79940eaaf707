/**
 * Records the end that the provider confirmed after an extension. Takes no claim and moves no epoch; accepted only for
 * the same sandbox and the same run, and only when it is later, so that late answers in any order change nothing.
 *
 * ARGV  2 sandbox id  3 start of the run in ms  4 confirmed end in ms
 *       5 '1' when the provider gave less than it was asked for: then this is where the run ends
 *
 * Returns status `recorded`, `not-later` or `other-run`.
 */
import { script } from "./script";

export const recordExtensionScript = script(
  "record-extension",
  `
local startedAt, endsAt = tonumber(ARGV[3]) + 0.0, tonumber(ARGV[4]) + 0.0
if get('state') ~= 'running' or get('sandboxId') ~= ARGV[2] or getNumber('runStartedAt') ~= startedAt then
  return reply('other-run')
end
if ARGV[5] == '1' then set('runCapAt', whole(endsAt)) end
if endsAt <= getNumber('endsAt') then return reply('not-later') end
set('endsAt', whole(endsAt))
set('extendedAt', whole(now))
takePlace(isClaimed() and placeUntilAtWork() or endsAt)
if not isClaimed() then checkAt(scopeOf(), runningCheckAt()) end
return reply('recorded')
`,
);
