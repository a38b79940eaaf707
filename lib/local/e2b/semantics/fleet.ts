/**
 * Owns which sandboxes there are, how new ones come to be, and how many may run at once (e2b.md §2.7). It must never
 * decide what a call does to a sandbox. Fails with 404 for what is not there and 429 when there is no room.
 */
import type { Clock } from "@/lib/clock";
import { sandboxNotFound } from "@/lib/local/e2b/semantics/api-error";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { MachineBoot, Machines } from "@/lib/local/e2b/semantics/machines";
import { type Plan, tooManySandboxes } from "@/lib/local/e2b/semantics/plan";
import { SandboxLife } from "@/lib/local/e2b/semantics/sandbox-life";
import { SandboxMachine } from "@/lib/local/e2b/semantics/sandbox-machine";
import type { SandboxIdentity, SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

export interface FleetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly plan: Plan;
  readonly machines: Machines;
  /** Told of every change of a sandbox's life, in order; must not throw. */
  readonly onEvent?: (event: LifecycleEvent) => void;
}

export interface Launch {
  readonly identity: Omit<SandboxIdentity, "sandboxId">;
  readonly runMs: number;
  readonly allowInternetAccess: boolean | undefined;
  readonly boot: MachineBoot;
  readonly news: "created" | "resumed";
}

export class Fleet {
  private readonly lives = new Map<string, SandboxLife>();
  /** Machines that are starting and are not yet sandboxes: they count against the plan. */
  private readonly starting = new Set<Launch>();

  constructor(private readonly options: FleetOptions) {}

  /** Running, under an id of its own. */
  async launch(launch: Launch): Promise<SandboxLife> {
    const { machines, onEvent } = this.options;
    const sandboxId = this.newId();
    this.starting.add(launch);
    try {
      await machines.start(sandboxId, launch.boot);
    } finally {
      this.starting.delete(launch);
    }
    const context = {
      ...this.options,
      machine: new SandboxMachine(sandboxId, machines),
      newExecutionId: () => this.newExecutionId(),
      onEvent: (event: LifecycleEvent) => onEvent?.(event),
      forget: () => this.lives.delete(sandboxId),
    };
    const life = new SandboxLife({ ...launch.identity, sandboxId }, context, launch);
    this.lives.set(sandboxId, life);
    life.announce(launch.news);
    return life;
  }

  find(sandboxId: string): SandboxLife {
    const life = this.lives.get(sandboxId);
    if (!life) throw sandboxNotFound(sandboxId);
    return life;
  }

  look(sandboxId: string): SandboxLife | undefined {
    return this.lives.get(sandboxId);
  }

  ids(): string[] {
    return [...this.lives.keys()];
  }

  /** Those that are not being killed, in no order. */
  views(): SandboxView[] {
    return [...this.lives.values()]
      .filter(({ phase }) => phase.kind !== "killing")
      .map((life) => life.view());
  }

  /** Whether anything was made from this template and is there still; running counts before paused. */
  standingOn(templateId: string): "running" | "paused" | undefined {
    const states = this.views().flatMap((view) => (view.templateId === templateId ? [view.state] : []));
    const isStarting = [...this.starting].some(({ identity }) => identity.templateId === templateId);
    if (isStarting || states.includes("running")) return "running";
    return states[0];
  }

  hasRoom(): boolean {
    const inUse = [...this.lives.values()].filter(({ phase }) => phase.kind !== "paused").length;
    return inUse + this.starting.size < this.options.plan.maxConcurrent;
  }

  refuseWithoutRoom(): void {
    if (!this.hasRoom()) throw tooManySandboxes(this.options.plan);
  }

  /** Lower-case letters and digits only: the preview host `<port>-<id>.` is parsed by it. */
  private newId(): string {
    return `i${randomName(this.options.random)}`;
  }

  /** E2B's are UUIDs. */
  private newExecutionId(): string {
    return this.options.random.hex(16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}

/** 20 lower-case letters and digits, as E2B names sandboxes and templates. */
export function randomName(random: Random): string {
  return Array.from({ length: 20 }, () => Math.floor(random.fraction() * 36).toString(36)).join("");
}
