/**
 * Owns one sandbox's machine: whether it runs, stands still or is off, and that its effects happen one after the
 * other, so that a fault from outside never falls into the middle of a pause. It must never know a state or a rule of
 * E2B's. What the machine refuses rejects, and `isRunning` then says what is left.
 */
import type { Machines, MachineUsage } from "@/lib/local/e2b/semantics/machines";
import type { Boot, Memory } from "@/lib/local/e2b/semantics/sandbox-view";

export class SandboxMachine {
  private state: "running" | "stopped" | "off" | "destroyed" = "running";
  private lastEffect: Promise<unknown> = Promise.resolve();

  /** For a machine that has just started. */
  constructor(
    private readonly sandboxId: string,
    private readonly machines: Machines,
  ) {}

  get isRunning(): boolean {
    return this.state === "running";
  }

  rest(memory: Memory): Promise<void> {
    return this.inTurn(() => (memory === "kept" ? this.stop() : this.powerOff()));
  }

  /** With its memory where there is one and it is wanted; else booted anew from its files. */
  goOn(boot: Boot): Promise<void> {
    return this.inTurn(async () => {
      if (boot === "cold" && this.state === "stopped") await this.powerOff();
      if (this.state === "off") await this.powerOn();
      else await this.continue();
    });
  }

  /** The files at one moment: a running machine stands still meanwhile, and its connections drop. */
  saveSnapshot(snapshotId: string): Promise<void> {
    return this.inTurn(async () => {
      const wasRunning = this.isRunning;
      if (wasRunning) await this.stop();
      try {
        await this.machines.saveSnapshot(this.sandboxId, snapshotId);
      } finally {
        if (wasRunning) await this.continue();
      }
    });
  }

  /** Every process is gone. A running machine runs on without them; one that stands still turns out so later. */
  loseMemory(): Promise<void> {
    return this.inTurn(async () => {
      const wasRunning = this.isRunning;
      if (wasRunning || this.state === "stopped") await this.powerOff();
      if (wasRunning) await this.powerOn();
    });
  }

  /** Paths inside the sandbox, folders with all that is in them; what is not there is lost already. */
  loseFiles(paths: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      if (this.state !== "destroyed") await this.machines.loseFiles(this.sandboxId, paths);
    });
  }

  destroy(): Promise<void> {
    return this.inTurn(async () => {
      await this.machines.destroy(this.sandboxId);
      this.state = "destroyed";
    });
  }

  /** As it is now; does not wait its turn, as it changes nothing. */
  usage(): Promise<MachineUsage> {
    return this.machines.usage(this.sandboxId);
  }

  private async stop(): Promise<void> {
    await this.machines.stop(this.sandboxId);
    this.state = "stopped";
  }

  private async continue(): Promise<void> {
    await this.machines.continue(this.sandboxId);
    this.state = "running";
  }

  private async powerOff(): Promise<void> {
    await this.machines.powerOff(this.sandboxId);
    this.state = "off";
  }

  private async powerOn(): Promise<void> {
    await this.machines.powerOn(this.sandboxId);
    this.state = "running";
  }

  private inTurn(effect: () => Promise<void>): Promise<void> {
    const done = this.lastEffect.then(effect);
    // Who asked is told by `done`; the next in line only waits for it to be over.
    this.lastEffect = done.catch(() => undefined);
    return done;
  }
}
