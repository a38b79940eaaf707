/**
 * Owns E2B's semantics: which sandboxes exist, their states, the end of their runs, and what create, connect, pause,
 * timeout and kill do to them (e2b.md §2, observed 2026-11-22). It does no I/O: time and randomness are injected and
 * effects go through `Machines`, so a simulation drives this file itself with a fake port. It must never know about
 * HTTP. Fails as E2B does, with `ApiError`s; a machine that refuses a pause keeps its sandbox running (503).
 *
 * All templates are the same empty home folder here: there are no images.
 */
import type { Clock } from "@/lib/clock";
import { ApiError, sandboxNotFound } from "@/lib/local/e2b/api-error";
import type { Listable } from "@/lib/local/e2b/listing";
import { type ListQuery, listPage, type Page } from "@/lib/local/e2b/listing";
import { acceptTimeout, type Plan, tooManySandboxes } from "@/lib/local/e2b/plan";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

/** The effects on whatever stands for a machine. Each resolves when it has really happened, or rejects. */
export interface Machines {
  start(sandboxId: string, envs: Readonly<Record<string, string>>): Promise<void>;
  /** All processes stand still, memory kept. */
  stop(sandboxId: string): Promise<void>;
  continue(sandboxId: string): Promise<void>;
  /** Also of a stopped one. */
  destroy(sandboxId: string): Promise<void>;
}

export interface CreateSandbox {
  readonly templateId: string;
  readonly timeoutSeconds?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly envs?: Readonly<Record<string, string>> | undefined;
  /** Default: kill, as E2B's API has it. */
  readonly onTimeout?: OnTimeout | undefined;
}

export type OnTimeout = "pause" | "kill";

/** A sandbox as `get` and `list` show it: one being paused or resumed shows as paused. */
export interface SandboxView extends Listable {
  /** Milliseconds since the epoch; of a paused one the time of its pause (e2b.md §2.5). */
  readonly endAt: number;
  readonly onTimeout: OnTimeout;
}

export interface CloudOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly plan: Plan;
  readonly machines: Machines;
}

/** `done` resolves when the transition is over: true when it happened, false when it was rolled back. */
type Phase =
  | { readonly kind: "running" }
  | { readonly kind: "paused" }
  | { readonly kind: "pausing" | "resuming" | "killing"; readonly done: Promise<boolean> };

interface Sandbox {
  readonly sandboxId: string;
  readonly templateId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly onTimeout: OnTimeout;
  phase: Phase;
  startedAt: number;
  endAt: number;
  cancelExpiry: () => void;
}

/** RT retries a refused automatic pause after about this long; the sandbox runs meanwhile. */
const EXPIRY_RETRY_MS = 10_000;
/** How many transitions a connect waits through before it gives up (e2b.md §2.3). */
const CONNECT_ATTEMPTS = 3;

export class E2bCloud {
  private readonly sandboxes = new Map<string, Sandbox>();
  /** Machines that are starting and not yet sandboxes: they count against the plan. */
  private starting = 0;

  constructor(private readonly options: CloudOptions) {}

  async create(request: CreateSandbox): Promise<SandboxView> {
    const { clock, machines, plan } = this.options;
    const runMs = acceptTimeout(plan, request.timeoutSeconds);
    this.refuseOverLimit();
    const sandboxId = this.newId();
    this.starting += 1;
    try {
      await machines.start(sandboxId, request.envs ?? {});
    } finally {
      this.starting -= 1;
    }
    const sandbox: Sandbox = {
      sandboxId,
      templateId: request.templateId,
      metadata: { ...request.metadata },
      onTimeout: request.onTimeout ?? "kill",
      phase: { kind: "running" },
      startedAt: clock.now(),
      endAt: clock.now() + runMs,
      cancelExpiry: () => undefined,
    };
    this.sandboxes.set(sandboxId, sandbox);
    this.armExpiry(sandbox);
    return view(sandbox);
  }

  /**
   * Running: its end only ever moves later. Paused: a new run from now. Waits for a pause under way and joins a resume
   * under way. `resumed` tells the two apart (201 and 200 on the wire).
   */
  async connect(
    sandboxId: string,
    timeoutSeconds?: number,
  ): Promise<{ resumed: boolean; sandbox: SandboxView }> {
    const runMs = acceptTimeout(this.options.plan, timeoutSeconds);
    let joined = false;
    for (let attempt = 0; attempt <= CONNECT_ATTEMPTS; attempt += 1) {
      const sandbox = this.find(sandboxId);
      const { phase } = sandbox;
      if (phase.kind === "killing") throw beingChanged(sandbox);
      if (phase.kind === "running") {
        this.extendOnly(sandbox, runMs);
        return { resumed: joined, sandbox: view(sandbox) };
      }
      if (phase.kind === "paused") {
        await this.resume(sandbox, runMs);
        return { resumed: true, sandbox: view(sandbox) };
      }
      joined ||= phase.kind === "resuming";
      await phase.done;
    }
    throw new ApiError(409, `Sandbox "${sandboxId}" keeps changing its state`);
  }

  /** Waits for a pause under way; 409 when it already rests. */
  async pause(sandboxId: string): Promise<void> {
    const sandbox = this.find(sandboxId);
    switch (sandbox.phase.kind) {
      case "running":
        return this.suspend(sandbox);
      case "pausing":
        if (await sandbox.phase.done) return;
        throw pauseRefused(sandboxId);
      case "resuming":
        await sandbox.phase.done;
        return this.pause(sandboxId);
      case "paused":
        throw new ApiError(409, `Error pausing sandbox - sandbox '${sandboxId}' is already paused`);
      case "killing":
        throw sandboxNotFound(sandboxId);
    }
  }

  /** Ends the run that long from now, earlier too; past the plan's cap it is silently less (e2b.md §2.2). */
  setTimeout(sandboxId: string, timeoutSeconds: number): void {
    const { clock, plan } = this.options;
    const sandbox = this.find(sandboxId);
    const { kind } = sandbox.phase;
    // While it resumes, E2B's store of running sandboxes does not hold it yet.
    if (kind === "paused" || kind === "resuming") throw sandboxNotFound(sandboxId);
    if (kind !== "running") throw beingChanged(sandbox);
    const latest = sandbox.startedAt + plan.maxRunMs;
    if (clock.now() > latest) throw new ApiError(400, "Max instance length exceeded");
    sandbox.endAt = Math.min(clock.now() + Math.max(0, timeoutSeconds) * 1000, latest);
    this.armExpiry(sandbox);
  }

  /** Running and paused alike; waits for whatever is under way. */
  async kill(sandboxId: string): Promise<void> {
    const sandbox = this.find(sandboxId);
    switch (sandbox.phase.kind) {
      case "running":
      case "paused":
        return this.remove(sandbox, sandbox.phase);
      case "killing":
        if (await sandbox.phase.done) return;
        throw new ApiError(500, `Error killing sandbox "${sandboxId}"`);
      case "pausing":
      case "resuming":
        await sandbox.phase.done;
        return this.kill(sandboxId);
    }
  }

  get(sandboxId: string): SandboxView {
    const sandbox = this.find(sandboxId);
    if (sandbox.phase.kind === "killing") throw sandboxNotFound(sandboxId);
    return view(sandbox);
  }

  list(query: ListQuery = {}): Page<SandboxView> {
    return listPage(this.views(), query);
  }

  /** Whether traffic reaches it: the whole truth for envd and previews, and asking wakes nothing. */
  isRunning(sandboxId: string): boolean {
    return this.sandboxes.get(sandboxId)?.phase.kind === "running";
  }

  views(): SandboxView[] {
    return [...this.sandboxes.values()].filter((s) => s.phase.kind !== "killing").map(view);
  }

  /** Kills everything; for the end of the stand-in. Rejects with the first failure after having tried all. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.sandboxes.keys()].map((id) => this.kill(id)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  private async resume(sandbox: Sandbox, runMs: number): Promise<void> {
    const { clock, machines } = this.options;
    this.refuseOverLimit();
    await this.transition(sandbox, "resuming", { kind: "paused" }, async () => {
      await machines.continue(sandbox.sandboxId);
      sandbox.phase = { kind: "running" };
      sandbox.startedAt = clock.now();
      sandbox.endAt = clock.now() + runMs;
      this.armExpiry(sandbox);
    });
  }

  private async suspend(sandbox: Sandbox): Promise<void> {
    const { clock, log, machines } = this.options;
    const endOfRun = sandbox.endAt;
    sandbox.cancelExpiry();
    sandbox.endAt = clock.now();
    await this.transition(sandbox, "pausing", { kind: "running" }, async () => {
      try {
        await machines.stop(sandbox.sandboxId);
        sandbox.phase = { kind: "paused" };
      } catch (error) {
        log.warn({ sandboxId: sandbox.sandboxId, error: String(error) }, "A pause was refused");
        sandbox.endAt = endOfRun;
        throw pauseRefused(sandbox.sandboxId);
      }
    }).finally(() => {
      if (sandbox.phase.kind === "running") this.armExpiry(sandbox, EXPIRY_RETRY_MS);
    });
  }

  private async remove(sandbox: Sandbox, before: Phase): Promise<void> {
    sandbox.cancelExpiry();
    await this.transition(sandbox, "killing", before, async () => {
      await this.options.machines.destroy(sandbox.sandboxId);
      this.sandboxes.delete(sandbox.sandboxId);
    });
  }

  /** Runs one change of state; those who wait for it are told when it is over; a failure restores `otherwise`. */
  private async transition(
    sandbox: Sandbox,
    kind: "pausing" | "resuming" | "killing",
    otherwise: Phase,
    change: () => Promise<void>,
  ): Promise<void> {
    const attempt = change().catch((error: unknown) => {
      sandbox.phase = otherwise;
      throw error;
    });
    const done = attempt.then(
      () => true,
      () => false,
    );
    sandbox.phase = { kind, done };
    await attempt;
  }

  private extendOnly(sandbox: Sandbox, runMs: number): void {
    const { clock, plan } = this.options;
    const wished = Math.min(clock.now() + runMs, sandbox.startedAt + plan.maxRunMs);
    if (wished <= sandbox.endAt) return;
    sandbox.endAt = wished;
    this.armExpiry(sandbox);
  }

  private armExpiry(sandbox: Sandbox, notBeforeMs = 0): void {
    const { clock } = this.options;
    sandbox.cancelExpiry();
    const delayMs = Math.max(sandbox.endAt - clock.now(), notBeforeMs);
    sandbox.cancelExpiry = clock.after(delayMs, () => this.expire(sandbox));
  }

  private expire(sandbox: Sandbox): void {
    if (sandbox.phase.kind !== "running") return;
    const { log } = this.options;
    const ending = sandbox.onTimeout === "pause" ? this.suspend(sandbox) : this.expireByKill(sandbox);
    ending.catch((error: unknown) => {
      // A refused pause is tried again by its own timer; nobody else is there to be told.
      log.warn(
        { sandboxId: sandbox.sandboxId, error: String(error) },
        "An expiry failed and will be retried",
      );
    });
  }

  private async expireByKill(sandbox: Sandbox): Promise<void> {
    try {
      await this.remove(sandbox, { kind: "running" });
    } catch (error) {
      this.armExpiry(sandbox, EXPIRY_RETRY_MS);
      throw error;
    }
  }

  private refuseOverLimit(): void {
    const { plan } = this.options;
    const used = [...this.sandboxes.values()].filter(({ phase }) => phase.kind !== "paused").length;
    if (used + this.starting >= plan.maxConcurrent) throw tooManySandboxes(plan);
  }

  private find(sandboxId: string): Sandbox {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox) throw sandboxNotFound(sandboxId);
    return sandbox;
  }

  /** Lower-case letters and digits only: the preview host `<port>-<id>.` is parsed by it. */
  private newId(): string {
    const { random } = this.options;
    const character = () => Math.floor(random.fraction() * 36).toString(36);
    return `i${Array.from({ length: 20 }, character).join("")}`;
  }
}

function view(sandbox: Sandbox): SandboxView {
  const { sandboxId, templateId, metadata, onTimeout, startedAt, endAt } = sandbox;
  const state = sandbox.phase.kind === "running" ? "running" : "paused";
  return { sandboxId, templateId, metadata, onTimeout, startedAt, endAt, state };
}

/** RT's answer when a node refuses; the sandbox is untouched. The SDK makes it a ServiceBusyError. */
function pauseRefused(sandboxId: string): ApiError {
  return new ApiError(
    503,
    `Sandbox "${sandboxId}" cannot be paused right now because its node is busy, please retry`,
  );
}

function beingChanged(sandbox: Sandbox): ApiError {
  const change = sandbox.phase.kind === "killing" ? "killed" : "paused";
  return new ApiError(409, `Sandbox "${sandbox.sandboxId}" is being ${change}`);
}
