/**
 * Owns the demo's numbers: the shipping policy with shorter times, by configuration only, so that a life that takes an
 * hour is seen in under a minute. Data. Cannot fail; the runtime checks that the numbers fit together.
 */
import { policy } from "@/inngest.config";
import type { Policy } from "@/lib/preview/policy";

const SECOND_MS = 1_000;

export const demoPolicy: Policy = {
  ...policy,
  idleAfterMs: 8 * SECOND_MS,
  warnBeforeMs: 3 * SECOND_MS,
  warnEndBeforeMs: 7 * SECOND_MS,
  renewBeforeMs: 8 * SECOND_MS,
  renewAtLatestMs: 3 * SECOND_MS,
  quietAfterMs: 1_500,
  graceAfterLeftMs: 2 * SECOND_MS,
  beatEveryMs: SECOND_MS,
  viewerGoneAfterMs: 8 * SECOND_MS,
  emitEveryMs: 2 * SECOND_MS,
  extendGatherMs: SECOND_MS,
  extendAtLatestMs: 2 * SECOND_MS,
  keepAliveMs: 30 * SECOND_MS,
  healAfterMs: SECOND_MS,
  pollEveryMs: 200,
};
