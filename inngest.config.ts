/**
 * Owns the numbers: data only, with the reason for each value. Tests and the demo scale these and nothing else.
 * `policyFaults` checks that they fit together when a runtime is built.
 */
import type { Policy } from "@/lib/preview/policy";
import type { FlowSettings } from "@/lib/runtime";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const appId = "rekindle";

export const policy: Policy = {
  // The idle tail is the bill: peers that raised it paid for empty rooms (78 % of the hours in one), while 5 min makes
  // the way back part of ordinary work.
  idleAfterMs: 10 * MINUTE_MS,
  // Long enough to notice and to click, short enough that few are warned who would have come back anyway.
  warnBeforeMs: 2 * MINUTE_MS,
  // An end that no click moves is told earlier, so that nobody is in the middle of something.
  warnEndBeforeMs: 5 * MINUTE_MS,
  // A reload, a lunch-line glance at another tab: back within two minutes means nothing happened.
  graceAfterLeftMs: 2 * MINUTE_MS,
  beatEveryMs: 30 * SECOND_MS,
  // As long as idleness: who reads without touching anything sends no beats and is there all the same, and must not be
  // paused because somebody else left. Who closes the page says so.
  viewerGoneAfterMs: 10 * MINUTE_MS,
  // At most 15 events an hour for a preview in use.
  emitEveryMs: 4 * MINUTE_MS,
  // Several viewers' events become one extension.
  extendGatherMs: 5 * SECOND_MS,
  extendAtLatestMs: MINUTE_MS,
  // Idle + emit interval + extend's longest wait + one retry (30 s) and a little: if everything of ours is down, the
  // provider itself pauses within this time. Asking for the plan's maximum instead is this one line, but on a plan of
  // one hour every later extension is then silently clamped to the same instant.
  keepAliveMs: 16 * MINUTE_MS,
  // Hobby's longest continuous run; a pause starts a new one.
  maxRunMs: 60 * MINUTE_MS,
  // Longer than the sweep's interval and its own patience, so that a renewal which its own function missed is still made in time.
  renewBeforeMs: 7 * MINUTE_MS,
  // About 4 s for each GiB and a second to resume, with a retry of each.
  renewAtLatestMs: 90 * SECOND_MS,
  // One and a half beats: who beats is not interrupted before the last moment.
  quietAfterMs: 45 * SECOND_MS,
  // Half a GiB: 2 s to pause and 1 s to resume (e2b.md §2.7, 2026-11-22).
  renewEstimateMs: 3 * SECOND_MS,
  // A crashed agent's hold ends by itself, and this bounds the bill; who works longer asks again.
  maxHoldMs: 2 * 60 * MINUTE_MS,
  saveBudgetMs: 20 * SECOND_MS,
  warmMarginMs: 15 * SECOND_MS,
  // A step's budget, the longest backoff at two retries, and a margin.
  leaseMs: 90 * SECOND_MS,
  // A resume takes about a second at E2B; a person waits this long for the route before the pane shows steps.
  resumeInlineMs: 8 * SECOND_MS,
  stepBudgetMs: 15 * SECOND_MS,
  pollEveryMs: 500,
  installDeadlineMs: 5 * MINUTE_MS,
  serverDeadlineMs: 2 * MINUTE_MS,
  requestFreshForMs: 10 * MINUTE_MS,
  // Others had this long to do it before the sweep does.
  healAfterMs: 30 * SECOND_MS,
  // Hobby's; tells a full plan from a hurried caller on a 429, and is what is shared out.
  planConcurrency: 20,
  // Three beats: who has the page before them has given a sign by then, and a look away costs a resume of a second.
  evictAfterMs: 90 * SECOND_MS,
  // A place that comes free is noticed after half of this on average; nobody waiting costs nothing.
  lineLookEveryMs: 10 * SECOND_MS,
  // Inngest's retries of the start that takes it.
  lineOfferMs: 2 * MINUTE_MS,
  maxRunningPerUser: 0,
  maxRunMsPerUserDay: 0,
  maxRunMsPerUserMonth: 0,
  // Two can be chance; a third in ten minutes would be paid for and fail as well.
  breakerFailures: 3,
  breakerWindowMs: 10 * MINUTE_MS,
  // E2B keeps what is paused without end and without a bill (e2b.md §2.7, 2026-11-22); who is away for longer waits for a
  // rebuild.
  retentionMs: 30 * DAY_MS,
  retentionRetryMs: DAY_MS,
  // Longer than any claim and its retries.
  orphanGraceMs: 15 * MINUTE_MS,
  // A fault of ours or a wrong answer of the provider's stops this many at the worst.
  auditMostStops: 50,
  // About a week of a preview in daily use; some 20 kB.
  historyEntries: 200,
  sweepBatch: 100,
};

export const flow: FlowSettings = {
  // The sweep only heals what the timers missed; 288 runs of one step a day.
  sweepCron: "*/5 * * * *",
  // Off the sweep's minutes. What it finds has been wrong without anybody's noticing, and costs nothing while it is paused;
  // 720 runs of two steps a month.
  auditCron: "17 * * * *",
  // Retries come after 15 and 30 s, each with up to 30 s of jitter. A lease outlives one of them; after two it may have
  // lapsed, and the step finds out when it renews.
  retries: 2,
  // Hobby's rate of creates; Pro's is 5 (e2b.md §2.7, 2026-11-22). A burst waits in Inngest instead of at the provider.
  createsPerSecond: 1,
};

/** E2B's own preview hosts; `{port}` and `{sandboxId}` stand for theirs. */
export const previewUrlTemplate = "https://{port}-{sandboxId}.e2b.app";
