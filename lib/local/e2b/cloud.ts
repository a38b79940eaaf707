/**
 * Owns E2B's semantics: which sandboxes exist and what create, connect, pause, timeout and kill do to them in each
 * state (e2b.md §2, observed 2026-11-22). It does no I/O: time and randomness are injected and effects go through
 * `Machines`, so a simulation drives this file itself with a fake port. It must never know about HTTP. Fails as E2B
 * does, with `ApiError`s. All templates are the same empty home folder here: there are no images.
 */
import type { Clock } from "@/lib/clock";
import type { Admission, Traffic } from "@/lib/local/e2b/admission";
import { ApiError, sandboxNotFound } from "@/lib/local/e2b/api-error";
import type { LifecycleEvent } from "@/lib/local/e2b/lifecycle-event";
import { type ListQuery, listPage, type Page } from "@/lib/local/e2b/listing";
import type { Machines } from "@/lib/local/e2b/machines";
import { acceptTimeout, type Plan, tooManySandboxes } from "@/lib/local/e2b/plan";
import { type OnTimeout, pauseRefused, SandboxLife, type SandboxView } from "@/lib/local/e2b/sandbox-life";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

export interface CloudOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly plan: Plan;
  readonly machines: Machines;
  /** Told of every change of a sandbox's life, in order; must not throw. */
  readonly onEvent?: (event: LifecycleEvent) => void;
}

export interface CreateSandbox {
  readonly templateId: string;
  readonly timeoutSeconds?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly envs?: Readonly<Record<string, string>> | undefined;
  /** Default: kill, as E2B's API has it. */
  readonly onTimeout?: OnTimeout | undefined;
}

/** How many changes a connect waits through before it gives up (e2b.md §2.3). */
const MOST_CHANGES_AWAITED = 3;

export class E2bCloud {
  private readonly lives = new Map<string, SandboxLife>();
  /** Machines that are starting and are not yet sandboxes: they count against the plan. */
  private starting = 0;

  constructor(private readonly options: CloudOptions) {}

  async create(request: CreateSandbox): Promise<SandboxView> {
    const { machines, plan } = this.options;
    const runMs = acceptTimeout(plan, request.timeoutSeconds);
    this.refuseOverLimit();
    const sandboxId = this.newId();
    this.starting += 1;
    try {
      await machines.start(sandboxId, { envs: request.envs ?? {} });
    } finally {
      this.starting -= 1;
    }
    const { templateId, onTimeout = "kill" } = request;
    const identity = { sandboxId, templateId, onTimeout, metadata: { ...request.metadata } };
    const forget = () => this.lives.delete(sandboxId);
    const life = new SandboxLife(identity, { ...this.options, forget }, runMs);
    this.lives.set(sandboxId, life);
    return life.view();
  }

  /**
   * Running: its end only ever moves later. Paused: a new run from now. Waits for a pause under way and joins a resume
   * under way; 409 while it is being killed. `resumed` tells the two apart (201 and 200 on the wire).
   */
  async connect(
    sandboxId: string,
    timeoutSeconds?: number,
  ): Promise<{ resumed: boolean; sandbox: SandboxView }> {
    const runMs = acceptTimeout(this.options.plan, timeoutSeconds);
    let joined = false;
    for (let awaited = 0; awaited <= MOST_CHANGES_AWAITED; awaited += 1) {
      const life = this.find(sandboxId);
      const { phase } = life;
      if (phase.kind === "killing") throw beingChanged(sandboxId, "killed");
      if (phase.kind === "running") {
        life.extendOnly(runMs);
        return { resumed: joined, sandbox: life.view() };
      }
      if (phase.kind === "paused") {
        this.refuseOverLimit();
        await life.resume(runMs);
        return { resumed: true, sandbox: life.view() };
      }
      const happened = await phase.done;
      joined = phase.kind === "resuming" && happened;
    }
    throw beingChanged(sandboxId, "changed");
  }

  /** Waits for a pause under way; 409 when it already rests. */
  async pause(sandboxId: string): Promise<void> {
    const life = this.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
        return life.suspend();
      case "pausing":
        if (await life.phase.done) return;
        throw pauseRefused(sandboxId);
      case "resuming":
        await life.phase.done;
        return this.pause(sandboxId);
      case "paused":
        throw new ApiError(409, `Error pausing sandbox - sandbox '${sandboxId}' is already paused`);
      case "killing":
        throw sandboxNotFound(sandboxId);
    }
  }

  /** Ends the run that long from now, earlier too; past the plan's cap it is silently less. Negative is now. */
  setTimeout(sandboxId: string, timeoutSeconds: number): void {
    const life = this.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
        life.endIn(timeoutSeconds * 1000);
        return;
      case "paused":
      // While it resumes, E2B's store of running sandboxes does not hold it yet.
      case "resuming":
        throw sandboxNotFound(sandboxId);
      case "pausing":
        throw beingChanged(sandboxId, "paused");
      case "killing":
        throw beingChanged(sandboxId, "killed");
    }
  }

  /** Running and paused alike; waits for whatever is under way. */
  async kill(sandboxId: string): Promise<void> {
    const life = this.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
      case "paused":
        return life.remove();
      case "killing":
        if (await life.phase.done) return;
        throw new ApiError(500, `Error killing sandbox "${sandboxId}"`);
      case "pausing":
      case "resuming":
        await life.phase.done;
        return this.kill(sandboxId);
    }
  }

  get(sandboxId: string): SandboxView {
    const life = this.find(sandboxId);
    if (life.phase.kind === "killing") throw sandboxNotFound(sandboxId);
    return life.view();
  }

  list(query: ListQuery = {}): Page<SandboxView> {
    return listPage(this.views(), query);
  }

  /** Those that are not being killed, in no order. */
  views(): SandboxView[] {
    return [...this.lives.values()]
      .filter(({ phase }) => phase.kind !== "killing")
      .map((life) => life.view());
  }

  /** Whether traffic reaches it: the whole truth for envd and previews, and asking wakes nothing. */
  isRunning(sandboxId: string): boolean {
    return this.lives.get(sandboxId)?.phase.kind === "running";
  }

  /** What the proxy decides before traffic reaches a sandbox; may wake one whose `autoResume` is on. */
  async admit(sandboxId: string, _traffic: Traffic): Promise<Admission> {
    return this.isRunning(sandboxId) ? { kind: "open" } : { kind: "not-found" };
  }

  /** Kills everything, for the end of the stand-in. Rejects with the first failure after having tried all. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.lives.keys()].map((id) => this.kill(id)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  private refuseOverLimit(): void {
    const { plan } = this.options;
    const inUse = [...this.lives.values()].filter(({ phase }) => phase.kind !== "paused").length;
    if (inUse + this.starting >= plan.maxConcurrent) throw tooManySandboxes(plan);
  }

  private find(sandboxId: string): SandboxLife {
    const life = this.lives.get(sandboxId);
    if (!life) throw sandboxNotFound(sandboxId);
    return life;
  }

  /** Lower-case letters and digits only: the preview host `<port>-<id>.` is parsed by it. */
  private newId(): string {
    const { random } = this.options;
    const character = () => Math.floor(random.fraction() * 36).toString(36);
    return `i${Array.from({ length: 20 }, character).join("")}`;
  }
}

function beingChanged(sandboxId: string, change: "paused" | "killed" | "changed"): ApiError {
  return new ApiError(409, `Sandbox "${sandboxId}" is being ${change}`);
}
