/**
 * Owns one run of a sandbox, from a start or resume to its end: when it ends, how far the end may move, and the timer
 * that says so (e2b.md §2.1 and §2.2). It must never decide what an end does. Fails with 400 past the plan's cap, as
 * E2B does; up to the cap a later end is silently clamped.
 */
import type { Cancel, Clock } from "@/lib/clock";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export interface RunOptions {
  readonly clock: Clock;
  /** Longest time from the start to the end. */
  readonly maxRunMs: number;
  readonly executionId: string;
  /** Called when the end is reached, and not while the run is held or stopped. */
  readonly onEnd: () => void;
}

export class Run {
  private startAt: number;
  private plannedEndAt: number;
  private stoppedAt: number | undefined;
  private cancelTimer: Cancel = () => undefined;

  /** From now. */
  constructor(
    private readonly options: RunOptions,
    runMs: number,
  ) {
    this.startAt = options.clock.now();
    this.plannedEndAt = this.startAt + runMs;
    this.arm(0);
  }

  get executionId(): string {
    return this.options.executionId;
  }

  get startedAt(): number {
    return this.startAt;
  }

  /** Of a stopped one, when it stopped. */
  get endAt(): number {
    return this.stoppedAt ?? this.plannedEndAt;
  }

  /** How long it has run past its end, because what should have ended it was refused. */
  get overstayedMs(): number {
    return Math.max(0, this.options.clock.now() - this.plannedEndAt);
  }

  /** Moves the end to `runMs` from now, never nearer. */
  extendOnly(runMs: number): void {
    const end = this.allowedEnd(runMs);
    if (end > this.plannedEndAt) this.moveTo(end);
  }

  /** Moves the end to `runMs` from now, nearer too; negative is now. */
  endIn(runMs: number): void {
    this.moveTo(this.allowedEnd(Math.max(0, runMs)));
  }

  /**
   * As if it had started that much earlier and been used ever since: its end is where it is, but no later than the plan
   * lets a run of that age go. Where that has passed, it is now and not then: nothing has overstayed.
   */
  age(byMs: number): void {
    this.startAt -= byMs;
    const latestEnd = Math.max(this.startAt + this.options.maxRunMs, this.options.clock.now());
    if (latestEnd < this.plannedEndAt) this.moveTo(latestEnd);
  }

  /** Nothing ends it until it goes on. */
  hold(): void {
    this.cancelTimer();
  }

  /** Over as of now, unless it goes on after all. */
  stop(): void {
    this.hold();
    this.stoppedAt = this.options.clock.now();
  }

  /** Towards the end that was planned; when that has passed meanwhile, `graceMs` from now. */
  goOn(graceMs: number): void {
    this.stoppedAt = undefined;
    this.arm(graceMs);
  }

  private allowedEnd(runMs: number): number {
    const now = this.options.clock.now();
    const latestEnd = this.startedAt + this.options.maxRunMs;
    if (now > latestEnd) throw new ApiError(400, "Max instance length exceeded");
    return Math.min(now + runMs, latestEnd);
  }

  private moveTo(end: number): void {
    this.plannedEndAt = end;
    this.arm(0);
  }

  private arm(graceMs: number): void {
    this.cancelTimer();
    const leftMs = this.plannedEndAt - this.options.clock.now();
    this.cancelTimer = this.options.clock.after(leftMs > 0 ? leftMs : graceMs, this.options.onEnd);
  }
}
