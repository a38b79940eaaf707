/**
 * Owns what a seed's history looks like: one line for each thing that happened, and a hash over all of them, by which two
 * runs of a seed are compared. Only the last lines are kept. It must never hold anything that differs between two runs.
 */
import { createHash } from "node:crypto";
import type { Clock } from "@/lib/clock";

export interface Trace {
  note(line: string): void;
  /** Over everything that was noted so far. */
  hash(): string;
  /** The newest ones, oldest first. */
  readonly lines: readonly string[];
}

/** So many lines are hashed at once, which costs a fraction of one at a time. */
const HASHED_AT_ONCE = 256;

export function traceOf(clock: Clock, startAt: number, mostLines: number): Trace {
  const digest = createHash("sha1");
  let unhashed: string[] = [];
  let lines: string[] = [];
  const hashAll = () => {
    digest.update(unhashed.join("\n"));
    unhashed = [];
  };
  return {
    note(line) {
      const at = clock.now() - startAt;
      unhashed.push(`${at} ${line}`);
      if (unhashed.length === HASHED_AT_ONCE) hashAll();
      if (mostLines === 0) return;
      lines.push(`${timeText(at)} ${line}`);
      if (lines.length > 2 * mostLines) lines = lines.slice(-mostLines);
    },
    hash() {
      hashAll();
      return digest.copy().digest("hex");
    },
    get lines() {
      return lines.slice(-mostLines);
    },
  };
}

function timeText(ms: number): string {
  const whole = Math.floor(ms / 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}`;
}
