/**
 * Owns in which order a preview's sandboxes are considered where the record names none. Pure. One that runs comes first,
 * for somebody may be in it, whatever was made later and left behind; then the newest epoch.
 */
import type { FoundSandbox } from "@/lib/sandbox/port";

export function runningFirst(found: readonly FoundSandbox[]): FoundSandbox[] {
  const rank = ({ state }: FoundSandbox) => (state === "running" ? 0 : 1);
  return [...found].sort(
    (left, right) => rank(left) - rank(right) || right.epoch - left.epoch || right.startedAt - left.startedAt,
  );
}
