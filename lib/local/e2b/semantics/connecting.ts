/**
 * Owns `connect` (e2b.md §2.3): what it does in each state, whom it waits for, and how a paused sandbox comes back. It
 * must never shorten a run. Fails as E2B does: 404 unknown, 409 while being killed, 429 without room. It can be told
 * to bring a sandbox back under another id, which a client of E2B must be ready for.
 */
import { ApiError, beingChanged } from "@/lib/local/e2b/semantics/api-error";
import { type Fleet, randomName } from "@/lib/local/e2b/semantics/fleet";
import type { Machines } from "@/lib/local/e2b/semantics/machines";
import { acceptTimeout, type Plan } from "@/lib/local/e2b/semantics/plan";
import type { SandboxLife } from "@/lib/local/e2b/semantics/sandbox-life";
import type { Boot, SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import type { Random } from "@/lib/random";

export interface ConnectingOptions {
  readonly fleet: Fleet;
  readonly plan: Plan;
  readonly machines: Machines;
  readonly random: Random;
}

export interface Connected {
  /** Tells a new run from one that went on: 201 and 200 on the wire. */
  readonly resumed: boolean;
  readonly sandbox: SandboxView;
}

/** How many changes a connect, or traffic, waits through before it gives up (e2b.md §2.3). */
export const MOST_CHANGES_AWAITED = 3;

export class Connecting {
  private readonly moving = new Set<string>();

  constructor(private readonly options: ConnectingOptions) {}

  /** The next resume of this sandbox gives its files another id, without memory; the old one is then gone. */
  answerNextWithAnotherId(sandboxId: string): void {
    this.options.fleet.find(sandboxId);
    this.moving.add(sandboxId);
  }

  /**
   * Running: its end only ever moves later. Paused: a new run from now. Waits for a pause or snapshot under way and
   * joins a resume under way, unless a cold boot was asked for and that resume is none.
   */
  async connect(sandboxId: string, timeoutSeconds: number | undefined, boot: Boot): Promise<Connected> {
    const runMs = acceptTimeout(this.options.plan, timeoutSeconds);
    let joined = false;
    for (let awaited = 0; awaited <= MOST_CHANGES_AWAITED; awaited += 1) {
      const life = this.options.fleet.find(sandboxId);
      const { phase } = life;
      switch (phase.kind) {
        case "killing":
          throw beingChanged(sandboxId, "killed");
        case "running":
          life.extendOnly(runMs);
          return { resumed: joined, sandbox: life.view() };
        case "paused":
          return { resumed: true, sandbox: (await this.resume(life, runMs, boot)).view() };
        case "resuming":
          if (boot === "cold" && phase.boot === "memory") throw startInFlight();
          joined = await phase.done;
          break;
        case "pausing":
        case "snapshotting":
          await phase.done;
          joined = false;
      }
    }
    throw beingChanged(sandboxId, "changed");
  }

  /** From paused. Gives the sandbox that then runs, which may be another one. */
  async resume(life: SandboxLife, runMs: number, boot: Boot): Promise<SandboxLife> {
    this.options.fleet.refuseWithoutRoom();
    const { sandboxId } = life.identity;
    if (this.moving.delete(sandboxId)) return this.resumeElsewhere(life, runMs);
    const hasMemory = life.phase.kind === "paused" && life.phase.memory === "kept";
    await life.resume(runMs, hasMemory ? boot : "cold");
    return life;
  }

  private async resumeElsewhere(life: SandboxLife, runMs: number): Promise<SandboxLife> {
    const { fleet, machines, random } = this.options;
    const { sandboxId, ...identity } = life.identity;
    const snapshotId = randomName(random);
    const { allowInternetAccess } = life.view();
    const news = "resumed" as const;
    const boot = { envs: {}, snapshotId };
    let moved = life;
    await life.giveWayTo(async () => {
      await life.machine.saveSnapshot(snapshotId);
      try {
        moved = await fleet.launch({ identity, runMs, allowInternetAccess, boot, news });
      } finally {
        await machines.removeSnapshot(snapshotId);
      }
    });
    return moved;
  }
}

/** Joining would answer a demand for a cold boot with a memory restore (INFRA create_instance.go). */
function startInFlight(): ApiError {
  const message =
    "Sandbox is already starting; memory: false cannot be applied to a start already in flight — retry once it is running or paused";
  return new ApiError(409, message, { errorCode: "sandbox_start_in_flight" });
}
