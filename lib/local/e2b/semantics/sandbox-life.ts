/**
 * Owns one sandbox's life: its state, its runs, and the changes between them (e2b.md §2, observed 2026-11-22). While
 * it changes, others can wait for the change; a change that fails is rolled back; each change that happened is told
 * once. It must never know of other sandboxes, of limits across them, or of HTTP. Fails as E2B does: what a machine
 * refuses leaves it as it was and answers 503, and an expiry that failed is tried again.
 */
import type { Clock } from "@/lib/clock";
import { ApiError, nodeBusy } from "@/lib/local/e2b/semantics/api-error";
import type { KillReason, LifecycleChange, LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { Plan } from "@/lib/local/e2b/semantics/plan";
import { Run } from "@/lib/local/e2b/semantics/run";
import type { SandboxMachine } from "@/lib/local/e2b/semantics/sandbox-machine";
import type { Boot, Memory, SandboxIdentity, SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import type { Log } from "@/lib/log";

/** `done` resolves when the change is over: true when it happened, false when it was rolled back. */
export type Phase =
  | { readonly kind: "running" }
  | { readonly kind: "paused"; readonly memory: Memory }
  | { readonly kind: "resuming"; readonly boot: Boot; readonly done: Promise<boolean> }
  | { readonly kind: "pausing" | "snapshotting" | "killing"; readonly done: Promise<boolean> };

type ChangeUnderWay = Extract<Phase, { done: unknown }>["kind"];

export interface LifeContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly plan: Plan;
  readonly machine: SandboxMachine;
  newExecutionId(): string;
  /** Told of each change once it has happened. */
  onEvent(event: LifecycleEvent): void;
  /** Called once, when the sandbox is no more. */
  forget(): void;
}

/** What a change has led to; `news` is what E2B's events say of it, if anything. */
interface Outcome {
  readonly phase: Phase;
  readonly news?: LifecycleChange;
}

/** RT tries a refused automatic pause again after about this long; the sandbox runs meanwhile (e2b.md §2.1). */
const EXPIRY_RETRY_MS = 10_000;
/** How far past its end RT lets a run go for the sake of its memory; from then on the files are enough. RT has such a
 * budget (e2b.md §2.1), its length is not known: a minute is six tries. */
const OVERSTAY_BUDGET_MS = 60_000;

export class SandboxLife {
  private currentPhase: Phase = { kind: "running" };
  private run: Run;
  private allowInternetAccess: boolean | undefined;

  /** For a machine that has just started; `announce` says so. */
  constructor(
    readonly identity: SandboxIdentity,
    private readonly context: LifeContext,
    start: { runMs: number; allowInternetAccess: boolean | undefined },
  ) {
    this.allowInternetAccess = start.allowInternetAccess;
    this.run = this.newRun(start.runMs);
  }

  /** Tells how it came to be; once, when others can find it. */
  announce(news: "created" | "resumed"): void {
    this.tell({ kind: news });
  }

  get phase(): Phase {
    return this.currentPhase;
  }

  get machine(): SandboxMachine {
    return this.context.machine;
  }

  view(): SandboxView {
    const { startedAt, endAt } = this.run;
    return {
      ...this.identity,
      startedAt,
      endAt,
      state: this.countsAsRunning ? "running" : "paused",
      allowInternetAccess: this.allowInternetAccess,
    };
  }

  /** Moves the end to `runMs` from now, never nearer and never past the plan's cap. */
  extendOnly(runMs: number): void {
    this.run.extendOnly(runMs);
    this.tellNewEnd();
  }

  /** Moves the end to `runMs` from now, nearer too; past the plan's cap it is silently less (e2b.md §2.2). */
  endIn(runMs: number): void {
    this.run.endIn(runMs);
    this.tellNewEnd();
  }

  /** From running. Nobody is told: to E2B nothing has happened. */
  ageRun(byMs: number): void {
    this.run.age(byMs);
  }

  updateNetwork(allowInternetAccess: boolean | undefined): void {
    this.allowInternetAccess = allowInternetAccess ?? this.allowInternetAccess;
    this.tell({ kind: "updated" });
  }

  /** From paused: a new run from the moment that its processes go on, or that it has booted anew. */
  async resume(runMs: number, boot: Boot): Promise<void> {
    await this.change({ kind: "resuming", boot }, async () => {
      await this.machine.goOn(boot);
      this.run = this.newRun(runMs);
      return { phase: { kind: "running" }, news: { kind: "resumed" } };
    });
  }

  /** From running. */
  async suspend(memory: Memory): Promise<void> {
    this.run.stop();
    await this.change({ kind: "pausing" }, async () => {
      try {
        await this.machine.rest(memory);
      } catch (error) {
        this.run.goOn(EXPIRY_RETRY_MS);
        this.warn(error, "A pause was refused");
        throw nodeBusy(this.identity.sandboxId, "paused");
      }
      return { phase: { kind: "paused", memory }, news: { kind: "paused" } };
    });
  }

  /** From running, and running again afterwards: the files as they are, under `snapshotId`. */
  async saveSnapshot(snapshotId: string): Promise<void> {
    this.run.hold();
    try {
      await this.change({ kind: "snapshotting" }, async () => {
        await this.machine.saveSnapshot(snapshotId);
        return { phase: { kind: "running" }, news: { kind: "checkpointed" } };
      });
    } catch (error) {
      this.warn(error, "A snapshot was refused");
      await this.removeUnlessRunning();
      throw nodeBusy(this.identity.sandboxId, "snapshotted");
    } finally {
      // An end that was reached meanwhile ends it now.
      if (this.currentPhase.kind === "running") this.run.goOn(0);
    }
  }

  /** From running or paused. */
  async remove(reason: KillReason): Promise<void> {
    const wasRunning = this.currentPhase.kind === "running";
    if (wasRunning) this.run.stop();
    await this.change({ kind: "killing" }, async () => {
      try {
        await this.machine.destroy();
      } catch (error) {
        if (wasRunning) this.run.goOn(EXPIRY_RETRY_MS);
        throw error;
      }
      this.context.forget();
      const phase: Phase = { kind: "killing", done: Promise.resolve(true) };
      // E2B tells of what ran; of a paused one only rows are deleted, and nobody is told (INFRA sandbox_kill.go).
      return wasRunning ? { phase, news: { kind: "killed", killReason: reason } } : { phase };
    });
  }

  /** From paused: `moved` makes another sandbox of it, and this one is no more; nobody is told. */
  async giveWayTo(moved: () => Promise<void>): Promise<void> {
    await this.change({ kind: "resuming", boot: "cold" }, async () => {
      await moved();
      await this.machine.destroy();
      this.context.forget();
      return { phase: { kind: "killing", done: Promise.resolve(true) } };
    });
  }

  private get countsAsRunning(): boolean {
    return this.currentPhase.kind === "running" || this.currentPhase.kind === "snapshotting";
  }

  private async change(
    underWay: { kind: Exclude<ChangeUnderWay, "resuming"> } | { kind: "resuming"; boot: Boot },
    act: () => Promise<Outcome>,
  ): Promise<void> {
    const before = this.currentPhase;
    const attempt = act().then(
      ({ phase, news }) => {
        this.currentPhase = phase;
        if (news) this.tell(news);
      },
      (error: unknown) => {
        this.currentPhase = before;
        throw error;
      },
    );
    const done = attempt.then(
      () => true,
      () => false,
    );
    this.currentPhase = { ...underWay, done };
    await attempt;
  }

  private newRun(runMs: number): Run {
    const { clock, plan } = this.context;
    const onEnd = () => this.expire();
    const executionId = this.context.newExecutionId();
    return new Run({ clock, maxRunMs: plan.maxRunMs, executionId, onEnd }, runMs);
  }

  private expire(): void {
    const { onTimeout, memoryOnTimeout } = this.identity;
    const memory = this.run.overstayedMs < OVERSTAY_BUDGET_MS ? memoryOnTimeout : "dropped";
    const ending = onTimeout === "pause" ? this.suspend(memory) : this.remove("timeout");
    ending.catch((error: unknown) => {
      // Nobody waits for an expiry, so nobody can be told; what failed has armed its next try.
      this.warn(error, "An expiry failed");
    });
  }

  /** INFRA kills a sandbox that a failed snapshot has left standing still. */
  private async removeUnlessRunning(): Promise<void> {
    if (this.machine.isRunning) return;
    await this.remove("unknown");
    throw new ApiError(500, "Error creating snapshot template");
  }

  /** E2B tells of every such call, also when the end has not moved (INFRA keep_alive.go). */
  private tellNewEnd(): void {
    const setTimeoutSeconds = Math.round((this.run.endAt - this.context.clock.now()) / 1000);
    this.tell({ kind: "updated", setTimeoutSeconds });
  }

  private tell(change: LifecycleChange): void {
    const { executionId } = this.run;
    this.context.onEvent({ at: this.context.clock.now(), change, sandbox: this.view(), executionId });
  }

  private warn(error: unknown, message: string): void {
    this.context.log.warn({ sandboxId: this.identity.sandboxId, error: String(error) }, message);
  }
}
