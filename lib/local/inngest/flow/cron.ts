/**
 * Owns cron schedules: five fields or a descriptor such as @hourly, optionally after `TZ=<zone>`, by croner. It must
 * never arm croner's own timers, which know only the machine's clock. Fails closed: a pattern that the real server
 * refuses, such as one of six fields, is refused here (inngest.md §1.4).
 */
import { Cron } from "croner";
import type { Cancel } from "@/lib/clock";
import type { Agenda } from "@/lib/local/inngest/agenda";
import type { Random } from "@/lib/random";

export interface CronSchedule {
  /** As the function wrote it; what `event.data.cron` says. */
  readonly pattern: string;
  readonly expression: string;
  readonly timezone: string;
  readonly jitterMs: number;
}

export type CheckedCron =
  | { readonly kind: "valid"; readonly schedule: CronSchedule }
  | { readonly kind: "invalid"; readonly reason: string };

const ZONED = /^(?:CRON_)?TZ=(\S+)\s+(.+)$/;

export function checkCron(pattern: string): CheckedCron {
  const [, timezone = "UTC", expression = pattern.trim()] = ZONED.exec(pattern.trim()) ?? [];
  const invalid = (why: string): CheckedCron => ({
    kind: "invalid",
    reason: `"${pattern}" is not a cron: ${why}`,
  });
  const problem = expression.startsWith("@") ? problemOfDescriptor(expression) : problemOfFields(expression);
  if (problem !== null) return invalid(problem);
  try {
    const schedule: CronSchedule = { pattern, expression, timezone, jitterMs: 0 };
    return nextTick(schedule, 0) === null ? invalid("it never falls due") : { kind: "valid", schedule };
  } catch (error) {
    return invalid(error instanceof Error ? error.message : String(error));
  }
}

const DESCRIPTORS: ReadonlySet<string> = new Set([
  "@hourly",
  "@daily",
  "@midnight",
  "@weekly",
  "@monthly",
  "@yearly",
  "@annually",
]);

const problemOfDescriptor = (expression: string): string | null =>
  DESCRIPTORS.has(expression) ? null : `it takes one of ${[...DESCRIPTORS].join(", ")}`;

/** Croner also takes seconds, L, W, # and Sunday as 7, all of which are unknown to the server's five fields. */
function problemOfFields(expression: string): string | null {
  const fields = expression.split(/\s+/);
  if (fields.length !== 5) return "it takes five fields";
  const strange = fields.find((field) => !FIELD.test(field));
  if (strange !== undefined) return `"${strange}" is no field of it`;
  return /\b7\b/.test(fields[4]?.replace(/\/\d+/g, "") ?? "") ? "Sunday is 0, not 7" : null;
}

const VALUE = String.raw`(?:\d+|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)`;
const ITEM = String.raw`(?:[*?]|${VALUE}(?:-${VALUE})?)(?:/\d+)?`;
const FIELD = new RegExp(`^${ITEM}(?:,${ITEM})*$`, "i");

/** Milliseconds since the epoch of the first tick after `after`, or null if there is none. */
export function nextTick(schedule: CronSchedule, after: number): number | null {
  const cron = new Cron(schedule.expression, { timezone: schedule.timezone });
  return cron.nextRun(new Date(after))?.getTime() ?? null;
}

/** Calls `fire` at every tick with the scheduled and the actual time, until cancelled. */
export function armCron(
  schedule: CronSchedule,
  agenda: Agenda,
  random: Random,
  fire: (scheduledAt: number, fireAt: number) => void,
): Cancel {
  let cancel: Cancel = () => undefined;
  const arm = (after: number) => {
    const scheduledAt = nextTick(schedule, after);
    if (scheduledAt === null) return;
    const fireAt = scheduledAt + Math.floor(random.fraction() * schedule.jitterMs);
    cancel = agenda.after(fireAt - agenda.now(), () => {
      // A laptop that slept missed ticks; they are not made up for.
      arm(Math.max(scheduledAt, agenda.now() - schedule.jitterMs));
      fire(scheduledAt, agenda.now());
    });
  };
  arm(agenda.now());
  return () => cancel();
}
