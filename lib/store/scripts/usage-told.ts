/**
 * Remembers that a user was told of a step of their time, for as long as the period can last. Asked before an event is sent
 * and written after it, so that a lost answer tells twice (the event's id makes that one) and never not at all.
 *
 * ARGV  2 the step: "day-20418-80"  3 '1' to write that it was told
 *
 * Returns status `told` when it was told before this call, else `new`.
 */
import { script } from "./script";

export const usageToldScript = script(
  "usage-told",
  `
if get('state') == nil then return replyAbsent('new') end
local told = redis.call('HGET', userKey, 'told') or ','
local isTold = string.find(told, ',' .. ARGV[2] .. ',', 1, true) ~= nil
if ARGV[3] == '1' and not isTold then
  -- The newest few: a month has three steps, and a day three more.
  local kept = ',' .. ARGV[2] .. ','
  local count = 1
  for step in string.gmatch(told, '[^,]+') do
    if count < 12 then kept = kept .. step .. ',' end
    count = count + 1
  end
  redis.call('HSET', userKey, 'told', kept)
end
return reply(isTold and 'told' or 'new')
`,
);
