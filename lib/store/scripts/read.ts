/**
 * Reads one preview. Through EVAL and not HGETALL, so that the answer comes from the primary (replicas lag) and
 * carries Redis's own `now`. Changes nothing.
 *
 * Returns the snapshot with status `read`, and the log tail as its extra.
 */
import { script } from "./script";

export const readScript = script(
  "read",
  `
return reply('read', redis.call('GET', logKey) or '')
`,
);
