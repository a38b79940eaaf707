/**
 * Owns machines whose stopping and going on takes time, as E2B's does, so that calls meet sandboxes in the middle of a
 * change. It must never decide anything else than how long. Cannot fail.
 */
import { type Clock, sleep } from "@/lib/clock";
import type { MachineBoot } from "@/lib/local/e2b/semantics/machines";
import { type ProjectScript, VirtualMachines } from "@/tests/support/virtual-machines";
import type { Dice } from "../kernel/dice";

export class SlowMachines extends VirtualMachines {
  constructor(
    private readonly time: Clock,
    private readonly dice: Dice,
    project: ProjectScript,
  ) {
    super(time, project);
  }

  override async start(sandboxId: string, boot?: MachineBoot): Promise<void> {
    await this.take(300, 1_500);
    await super.start(sandboxId, boot);
  }

  override async stop(sandboxId: string): Promise<void> {
    await this.take(500, 4_000);
    await super.stop(sandboxId);
  }

  override async continue(sandboxId: string): Promise<void> {
    await this.take(200, 1_500);
    await super.continue(sandboxId);
  }

  private take(least: number, most: number): Promise<void> {
    return sleep(this.time, this.dice.between(least, most));
  }
}
