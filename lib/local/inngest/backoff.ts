/**
 * Owns how long a failed call waits before it is made again (inngest.md §1.5, observed 2026-11-22). It must never
 * wait less than a second nor more than a day, whatever the app asked for. An unreadable wish falls back to the table.
 */
import type { Random } from "@/lib/random";

const TABLE_SECONDS = [15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200] as const;
const JITTER_MS = 30_000;
const SHORTEST_MS = 1000;
const LONGEST_MS = 24 * 3_600_000;

/** Milliseconds before attempt `attempt + 1`; `retryAfter` is the app's header, in seconds or as an instant. */
export function backoffMs(attempt: number, retryAfter: string | null, now: number, random: Random): number {
  const wishMs = retryAfter === null ? null : wished(retryAfter, now);
  if (wishMs !== null) return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, wishMs));
  const seconds = TABLE_SECONDS[Math.min(attempt, TABLE_SECONDS.length - 1)] ?? 7200;
  return seconds * 1000 + Math.floor(random.fraction() * JITTER_MS);
}

function wished(retryAfter: string, now: number): number | null {
  if (/^\d+(\.\d+)?$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const instant = Date.parse(retryAfter);
  return Number.isNaN(instant) ? null : instant - now;
}
