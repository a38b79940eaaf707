/**
 * Owns the entrance to E2B's semantics: what each call of a client does to the sandboxes (e2b.md §2, observed
 * 2026-11-22), and the faults that can be asked for. It does no I/O: time and randomness are injected and effects go
 * through `Machines`, so a simulation drives this file itself with a fake port. It must never know about HTTP. Fails
 * as E2B does, with `ApiError`s. There are no images here: a template that is not a snapshot is an empty home folder.
 */
import type { Admission, Traffic } from "@/lib/local/e2b/semantics/admission";
import { ApiError, beingChanged, nodeBusy, sandboxNotFound } from "@/lib/local/e2b/semantics/api-error";
import { type Connected, Connecting } from "@/lib/local/e2b/semantics/connecting";
import { CreateRate } from "@/lib/local/e2b/semantics/create-rate";
import { Fleet, type FleetOptions } from "@/lib/local/e2b/semantics/fleet";
import type { KillReason } from "@/lib/local/e2b/semantics/lifecycle-event";
import { type ListQuery, listPage, type Page } from "@/lib/local/e2b/semantics/listing";
import { Metrics, type MetricsRange, type Reading } from "@/lib/local/e2b/semantics/metrics";
import { acceptTimeout, autoResumeMs, refreshMs } from "@/lib/local/e2b/semantics/plan";
import type { Boot, Memory, OnTimeout, SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import { readTemplateName } from "@/lib/local/e2b/semantics/snapshot-name";
import {
  type Snapshot,
  type SnapshotQuery,
  Snapshots,
  templateNotFound,
} from "@/lib/local/e2b/semantics/snapshots";
import { admitTraffic } from "@/lib/local/e2b/semantics/traffic";

export interface CloudOptions extends FleetOptions {
  /** The names that create accepts; every name when left out, as there are no images that could be missing. */
  readonly templates?: ReadonlySet<string> | undefined;
  /** What previews of a sandbox want to see whose public traffic is not allowed. */
  trafficTokenOf(sandboxId: string): string;
}

export interface CreateSandbox {
  /** A template's name, or a snapshot's id. */
  readonly templateId: string;
  readonly timeoutSeconds?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly envs?: Readonly<Record<string, string>> | undefined;
  /** Default: kill, as E2B's API has it. */
  readonly onTimeout?: OnTimeout | undefined;
  /** Default: kept. */
  readonly memoryOnTimeout?: Memory | undefined;
  readonly autoResume?: boolean | undefined;
  readonly allowPublicTraffic?: boolean | undefined;
  readonly allowInternetAccess?: boolean | undefined;
}

export class E2bCloud {
  private readonly fleet: Fleet;
  private readonly connecting: Connecting;
  private readonly snapshots: Snapshots;
  private readonly metrics: Metrics;
  private readonly createRate: CreateRate;

  constructor(private readonly options: CloudOptions) {
    this.fleet = new Fleet(options);
    const { fleet } = this;
    this.connecting = new Connecting({ ...options, fleet });
    this.snapshots = new Snapshots({ ...options, fleet });
    this.metrics = new Metrics(options.clock);
    this.createRate = new CreateRate(options.clock, options.plan.createsPerSecond);
  }

  async create(request: CreateSandbox): Promise<SandboxView> {
    const { plan } = this.options;
    this.createRate.take();
    const template = this.templateOf(request.templateId);
    const runMs = acceptTimeout(plan, request.timeoutSeconds);
    const identity = {
      templateId: template.templateId,
      alias: template.alias,
      metadata: { ...request.metadata },
      onTimeout: request.onTimeout ?? "kill",
      memoryOnTimeout: request.memoryOnTimeout ?? "kept",
      autoResume: request.autoResume ?? false,
      autoResumeMs: autoResumeMs(plan, runMs),
      allowPublicTraffic: request.allowPublicTraffic,
    };
    refuseContradictions(identity);
    this.fleet.refuseWithoutRoom();
    const { allowInternetAccess, envs = {} } = request;
    const boot = { envs, snapshotId: template.storageId };
    const life = await this.fleet.launch({ identity, runMs, allowInternetAccess, boot, news: "created" });
    return life.view();
  }

  /**
   * Running: its end only ever moves later. Paused: a new run from now, with its memory unless a cold boot is asked
   * for. Waits for a pause under way and joins a resume under way; 409 while it is being killed.
   */
  connect(sandboxId: string, timeoutSeconds?: number, boot: Boot = "memory"): Promise<Connected> {
    return this.connecting.connect(sandboxId, timeoutSeconds, boot);
  }

  /** Waits for a pause under way, whatever that one keeps; 409 when it already rests. */
  async pause(sandboxId: string, memory: Memory = "kept"): Promise<void> {
    const life = this.fleet.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
        return life.suspend(memory);
      case "pausing":
        if (await life.phase.done) return;
        throw nodeBusy(sandboxId, "paused");
      case "paused":
      // While it resumes, E2B's store of running sandboxes does not hold it yet, and its snapshot is there.
      case "resuming":
        throw new ApiError(409, `Error pausing sandbox - sandbox '${sandboxId}' is already paused`);
      case "snapshotting":
        throw new ApiError(409, `Sandbox '${sandboxId}' cannot be paused while in 'snapshotting' state`);
      case "killing":
        throw sandboxNotFound(sandboxId);
    }
  }

  /** Ends the run that long from now, earlier too; past the plan's cap it is silently less. Negative is now. */
  setTimeout(sandboxId: string, timeoutSeconds: number): void {
    this.findRunning(sandboxId).endIn(timeoutSeconds * 1000);
  }

  /** Ends the run that long from now, never earlier; 15 s at the least. */
  refresh(sandboxId: string, durationSeconds?: number): void {
    this.findRunning(sandboxId).extendOnly(refreshMs(durationSeconds));
  }

  /** Nothing that would hold traffic back is kept here, so only whether internet access was asked for. */
  updateNetwork(sandboxId: string, allowInternetAccess?: boolean): void {
    this.findRunning(sandboxId).updateNetwork(allowInternetAccess);
  }

  /** Running and paused alike; waits for whatever is under way. */
  kill(sandboxId: string): Promise<void> {
    return this.remove(sandboxId, "request");
  }

  get(sandboxId: string): SandboxView {
    const life = this.fleet.find(sandboxId);
    if (life.phase.kind === "killing") throw sandboxNotFound(sandboxId);
    return life.view();
  }

  list(query: ListQuery = {}): Page<SandboxView> {
    return listPage(this.views(), query);
  }

  /** Those that are not being killed, in no order. */
  views(): SandboxView[] {
    return this.fleet.views();
  }

  /** Of a paused one only what was read while it ran. */
  async metricsOf(sandboxId: string, range: MetricsRange = {}): Promise<Reading[]> {
    return this.metrics.of(this.fleet.find(sandboxId), range);
  }

  /** The files of a running sandbox, which stands still meanwhile; they outlive it. */
  async createSnapshot(sandboxId: string, name?: string): Promise<Snapshot> {
    return this.snapshots.create(this.fleet.find(sandboxId), name);
  }

  listSnapshots(query: SnapshotQuery = {}): ReturnType<Snapshots["list"]> {
    return this.snapshots.list(query);
  }

  deleteSnapshot(reference: string): Promise<void> {
    return this.snapshots.delete(reference);
  }

  /** Whether it runs right now; asking wakes nothing. */
  isRunning(sandboxId: string): boolean {
    return this.fleet.look(sandboxId)?.phase.kind === "running";
  }

  /** What the proxy decides before traffic reaches a sandbox; may wake one whose `autoResume` is on. */
  admit(sandboxId: string, traffic: Traffic): Promise<Admission> {
    const { fleet, connecting } = this;
    return admitTraffic(sandboxId, traffic, { ...this.options, fleet, connecting });
  }

  /** A fault: killed as by an outside hand. False when there is no such sandbox. */
  async killBehindTheBack(sandboxId: string): Promise<boolean> {
    if (!this.fleet.look(sandboxId)) return false;
    await this.remove(sandboxId, "unknown");
    return true;
  }

  /** A fault: its processes are gone, and nothing says so. A paused one seems to keep its memory until it resumes. */
  async loseMemory(sandboxId: string): Promise<void> {
    return this.fleet.find(sandboxId).machine.loseMemory();
  }

  /** A fault: these paths inside it are gone, folders with all that is in them. */
  async loseFiles(sandboxId: string, paths: readonly string[]): Promise<void> {
    return this.fleet.find(sandboxId).machine.loseFiles(paths);
  }

  /** A fault: its next resume gives its files another id, without memory; the old one is then gone. */
  answerNextConnectWithAnotherId(sandboxId: string): void {
    this.connecting.answerNextWithAnotherId(sandboxId);
  }

  /** For "an hour later" without moving a clock that others keep: its run is that much older. 409 while it does not run. */
  ageRun(sandboxId: string, byMs: number): void {
    const life = this.fleet.find(sandboxId);
    if (life.phase.kind !== "running")
      throw new ApiError(409, `Sandbox "${sandboxId}" has no run to age now`);
    life.ageRun(byMs);
  }

  /** Kills everything, for the end of the stand-in. Rejects with the first failure after having tried all. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(this.fleet.ids().map((id) => this.kill(id)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  private async remove(sandboxId: string, reason: KillReason): Promise<void> {
    const life = this.fleet.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
      case "paused":
        return life.remove(reason);
      case "killing":
        if (await life.phase.done) return;
        throw new ApiError(500, `Error killing sandbox "${sandboxId}"`);
      case "pausing":
      case "resuming":
      case "snapshotting":
        await life.phase.done;
        return this.remove(sandboxId, reason);
    }
  }

  private findRunning(sandboxId: string) {
    const life = this.fleet.find(sandboxId);
    switch (life.phase.kind) {
      case "running":
        return life;
      case "paused":
      // While it resumes, E2B's store of running sandboxes does not hold it yet.
      case "resuming":
        throw sandboxNotFound(sandboxId);
      case "pausing":
        throw beingChanged(sandboxId, "paused");
      case "snapshotting":
        throw beingChanged(sandboxId, "snapshotted");
      case "killing":
        throw beingChanged(sandboxId, "killed");
    }
  }

  private templateOf(reference: string): {
    templateId: string;
    alias: string | undefined;
    storageId?: string;
  } {
    const name = readTemplateName(reference, "Invalid template reference");
    const snapshot = this.snapshots.resolve(name);
    if (snapshot) {
      this.options.log.info(
        { snapshot: reference },
        "Created from a snapshot's files: there is no memory to copy here, so no process runs in it",
      );
      return snapshot;
    }
    const { templates } = this.options;
    if (templates && !templates.has(name.alias)) throw templateNotFound(name.alias);
    return { templateId: name.alias, alias: name.alias };
  }
}

/** E2B's own words (INFRA sandbox_create.go); the SDK refuses these before it asks (e2b.md §1.2). */
function refuseContradictions(identity: {
  onTimeout: OnTimeout;
  memoryOnTimeout: Memory;
  autoResume: boolean;
}): void {
  if (identity.memoryOnTimeout === "kept") return;
  if (identity.onTimeout === "kill") {
    throw new ApiError(400, "autoPauseMemory=false only applies when autoPause is true.");
  }
  if (identity.autoResume) {
    throw new ApiError(
      400,
      "autoPauseMemory=false (filesystem-only auto-pause) cannot be combined with autoResume: a filesystem-only snapshot cannot be auto-resumed by traffic and must be resumed explicitly.",
    );
  }
}
