/**
 * Writes that the product has newer files than the sandbox. Takes no claim and moves no epoch; starts nothing. Asking
 * again moves the time, so that who began before knows that there is something newer still.
 *
 * Returns status `asked`, or `absent` when there is no such preview.
 */
import { script } from "./script";

export const askSyncScript = script(
  "ask-sync",
  `
if get('state') == nil then return replyAbsent('absent') end
set('syncAskedAt', whole(now))
if get('state') == 'running' and not isClaimed() then checkAt(scopeOf(), runningCheckAt()) end
return reply('asked')
`,
);
