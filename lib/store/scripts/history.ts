/**
 * Writes and reads what happened to one preview. Moves are written by the scripts that make them; this one adds what is
 * no move (files that were saved, say). Newest first, at most as many as are asked for.
 *
 * history  ARGV  2 most entries           Returns pairs of id ("ms-sequence") and a flat list of fields.
 * note     ARGV  2 kind, then field, value, …   Returns status `noted` or `absent`.
 */
import { script } from "./script";

export const historyScript = script(
  "history",
  `
return redis.call('XREVRANGE', historyKey, '+', '-', 'COUNT', ARGV[2])
`,
);

export const noteScript = script(
  "note",
  `
-- Somebody who is late to tell of one that was forgotten must not bring its history back.
if get('state') == nil then return replyAbsent('absent') end
local fields = {}
for index = 3, #ARGV do fields[#fields + 1] = ARGV[index] end
remember(ARGV[2], fields)
return reply('noted')
`,
);
