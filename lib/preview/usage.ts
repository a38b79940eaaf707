/**
 * Owns how much of their time a user has used: what share of which limit, whether it is worth telling, and when the period
 * begins anew. Pure; cannot fail. It tells and decides nothing: who has used all may not open, and is never cut off.
 */
import type { Policy } from "./policy";
import type { Snapshot } from "./record";

/** Of the limit, in percent: told once each in a period. */
export const usageSteps = [80, 95, 100] as const;
export type UsageStep = (typeof usageSteps)[number];

export interface UsageNotice {
  readonly period: "day" | "month";
  /** The last step that was reached. */
  readonly step: UsageStep;
  readonly usedMs: number;
  readonly limitMs: number;
  /** When the period ends (UTC), in Redis's milliseconds. */
  readonly resetsAt: number;
  readonly title: string;
  readonly message: string;
}

/** The limit that is nearest to being used up, from its first step on; undefined before, and where nothing is limited. */
export function usageNotice({ usage, now }: Snapshot, policy: Policy): UsageNotice | undefined {
  if (!usage) return undefined;
  const notices = [
    noticeOf("day", usage.dayMs, policy.maxRunMsPerUserDay, now),
    noticeOf("month", usage.monthMs, policy.maxRunMsPerUserMonth, now),
  ].filter((notice) => notice !== undefined);
  return notices.sort((left, right) => share(right) - share(left))[0];
}

const share = ({ usedMs, limitMs }: UsageNotice): number => usedMs / limitMs;

function noticeOf(
  period: UsageNotice["period"],
  usedMs: number,
  limitMs: number,
  now: number,
): UsageNotice | undefined {
  if (limitMs === 0) return undefined;
  const step = usageSteps.findLast((each) => usedMs * 100 >= limitMs * each);
  if (step === undefined) return undefined;
  return { period, step, usedMs, limitMs, resetsAt: endOf(period, now), ...wordsOf(period, step) };
}

function wordsOf(period: UsageNotice["period"], step: UsageStep): { title: string; message: string } {
  const span = period === "day" ? "today" : "this month";
  const next = period === "day" ? "day" : "month";
  return step === 100
    ? {
        title: `The time for previews is used up ${span}`,
        message: `What is in use goes on until it goes to rest; nothing is opened before the next ${next} begins.`,
      }
    : {
        title: `${step} % of the time for previews is used ${span}`,
        message: `When it is used up, what is in use goes on, and nothing is opened before the next ${next} begins.`,
      };
}

function endOf(period: UsageNotice["period"], now: number): number {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return period === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}
