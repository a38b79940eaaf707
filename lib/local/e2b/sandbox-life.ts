/**
 * Owns one sandbox's life: its state, the end of its run, and the changes between them (e2b.md §2, observed
 * 2026-11-22). While it changes, others can wait for the change; a change that fails is rolled back. It must never
 * know of other sandboxes, of limits across them, or of HTTP. Fails as E2B does: a refused pause leaves it running
 * and answers 503, and an expiry that failed is tried again.
 */
import type { Clock } from "@/lib/clock";
import { ApiError } from "@/lib/local/e2b/api-error";
import type { Listable } from "@/lib/local/e2b/listing";
import type { Machines } from "@/lib/local/e2b/machines";
import type { Plan } from "@/lib/local/e2b/plan";
import type { Log } from "@/lib/log";

export type OnTimeout = "pause" | "kill";

export interface SandboxIdentity {
  readonly sandboxId: string;
  readonly templateId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly onTimeout: OnTimeout;
}

/** A sandbox as `get` and `list` show it: one being paused or resumed shows as paused. */
export interface SandboxView extends SandboxIdentity, Listable {
  /** Milliseconds since the epoch; of a paused one the time of its pause (e2b.md §2.5). */
  readonly endAt: number;
}

/** `done` resolves when the change is over: true when it happened, false when it was rolled back. */
export type Phase =
  | { readonly kind: "running" }
  | { readonly kind: "paused" }
  | { readonly kind: "pausing" | "resuming" | "killing"; readonly done: Promise<boolean> };

export interface LifeContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly plan: Plan;
  readonly machines: Machines;
  /** Called once, when the sandbox is no more. */
  forget(sandboxId: string): void;
}

/** RT tries a refused automatic pause again after about this long; the sandbox runs meanwhile (e2b.md §2.1). */
const EXPIRY_RETRY_MS = 10_000;

export class SandboxLife {
  private currentPhase: Phase = { kind: "running" };
  private startedAt: number;
  private endAt: number;
  private cancelExpiry = (): void => undefined;

  /** For a machine that has just started. */
  constructor(
    readonly identity: SandboxIdentity,
    private readonly context: LifeContext,
    runMs: number,
  ) {
    this.startedAt = context.clock.now();
    this.endAt = this.startedAt + runMs;
    this.armExpiry();
  }

  get phase(): Phase {
    return this.currentPhase;
  }

  view(): SandboxView {
    const state = this.currentPhase.kind === "running" ? "running" : "paused";
    return { ...this.identity, startedAt: this.startedAt, endAt: this.endAt, state };
  }

  /** Moves the end to `runMs` from now, never nearer and never past the plan's cap. */
  extendOnly(runMs: number): void {
    const wished = Math.min(this.context.clock.now() + runMs, this.latestEnd());
    if (wished <= this.endAt) return;
    this.endAt = wished;
    this.armExpiry();
  }

  /** Moves the end to `runMs` from now, nearer too; past the plan's cap it is silently less (e2b.md §2.2). */
  endIn(runMs: number): void {
    const now = this.context.clock.now();
    if (now > this.latestEnd()) throw new ApiError(400, "Max instance length exceeded");
    this.endAt = Math.min(now + Math.max(0, runMs), this.latestEnd());
    this.armExpiry();
  }

  /** From paused: a new run from the moment that its processes go on. */
  async resume(runMs: number): Promise<void> {
    await this.change("resuming", async () => {
      await this.context.machines.continue(this.identity.sandboxId);
      this.startedAt = this.context.clock.now();
      this.endAt = this.startedAt + runMs;
      this.currentPhase = { kind: "running" };
      this.armExpiry();
    });
  }

  /** From running. */
  async suspend(): Promise<void> {
    const endOfRun = this.endAt;
    this.cancelExpiry();
    this.endAt = this.context.clock.now();
    await this.change("pausing", async () => {
      try {
        await this.context.machines.stop(this.identity.sandboxId);
        this.currentPhase = { kind: "paused" };
      } catch (error) {
        this.endAt = endOfRun;
        this.armExpiry(EXPIRY_RETRY_MS);
        this.warn(error, "A pause was refused");
        throw pauseRefused(this.identity.sandboxId);
      }
    });
  }

  /** From running or paused. */
  async remove(): Promise<void> {
    this.cancelExpiry();
    const wasRunning = this.currentPhase.kind === "running";
    await this.change("killing", async () => {
      try {
        await this.context.machines.destroy(this.identity.sandboxId);
      } catch (error) {
        if (wasRunning) this.armExpiry(EXPIRY_RETRY_MS);
        throw error;
      }
      this.context.forget(this.identity.sandboxId);
    });
  }

  private async change(kind: "pausing" | "resuming" | "killing", act: () => Promise<void>): Promise<void> {
    const before = this.currentPhase;
    const attempt = act().catch((error: unknown) => {
      this.currentPhase = before;
      throw error;
    });
    const done = attempt.then(
      () => true,
      () => false,
    );
    this.currentPhase = { kind, done };
    await attempt;
  }

  private armExpiry(notBeforeMs = 0): void {
    this.cancelExpiry();
    const delayMs = Math.max(this.endAt - this.context.clock.now(), notBeforeMs);
    this.cancelExpiry = this.context.clock.after(delayMs, () => {
      if (this.currentPhase.kind === "running") this.expire();
    });
  }

  private expire(): void {
    const ending = this.identity.onTimeout === "pause" ? this.suspend() : this.remove();
    ending.catch((error: unknown) => {
      // Nobody waits for an expiry, so nobody can be told; what failed has armed its next try.
      this.warn(error, "An expiry failed");
    });
  }

  private latestEnd(): number {
    return this.startedAt + this.context.plan.maxRunMs;
  }

  private warn(error: unknown, message: string): void {
    this.context.log.warn({ sandboxId: this.identity.sandboxId, error: String(error) }, message);
  }
}

/** RT's answer when a node refuses; the sandbox is untouched. The SDK makes it a ServiceBusyError. */
export function pauseRefused(sandboxId: string): ApiError {
  return new ApiError(
    503,
    `Sandbox "${sandboxId}" cannot be paused right now because its node is busy, please retry`,
  );
}
