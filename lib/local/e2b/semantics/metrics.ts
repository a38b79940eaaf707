/**
 * Owns the readings of what sandboxes use. A reading is taken when somebody asks, at most one in five seconds, which
 * is how often E2B takes one: measuring fifty sandboxes that nobody looks at would slow down the machine that they
 * share. So there is no history of times when nobody asked. It must never read one that does not run. What cannot be
 * measured rejects.
 */
import type { Clock } from "@/lib/clock";
import type { MachineUsage } from "@/lib/local/e2b/semantics/machines";
import type { SandboxLife } from "@/lib/local/e2b/semantics/sandbox-life";

export interface MetricsRange {
  /** Milliseconds since the epoch; both ends are in. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

export interface Reading extends MachineUsage {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const READ_EVERY_MS = 5_000;
/** Two hours and more of somebody asking all the time. */
const MOST_READINGS = 2_000;

export class Metrics {
  private readonly readings = new WeakMap<SandboxLife, readonly Reading[]>();

  constructor(private readonly clock: Clock) {}

  /** Oldest first. */
  async of(
    life: SandboxLife,
    { from = 0, until = Number.POSITIVE_INFINITY }: MetricsRange,
  ): Promise<Reading[]> {
    const last = this.readings.get(life)?.at(-1);
    const isDue = last === undefined || this.clock.now() - last.at >= READ_EVERY_MS;
    if (isDue && life.phase.kind === "running") await this.read(life);
    return (this.readings.get(life) ?? []).filter(({ at }) => at >= from && at <= until);
  }

  private async read(life: SandboxLife): Promise<void> {
    const reading = { at: this.clock.now(), ...(await life.machine.usage()) };
    const before = this.readings.get(life) ?? [];
    this.readings.set(life, [...before, reading].slice(-MOST_READINGS));
  }
}
