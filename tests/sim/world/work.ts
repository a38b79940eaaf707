/**
 * Owns the work that people and agents do inside sandboxes, piece by piece, and where each piece is: in the sandbox, with
 * the product, or lost by somebody else's hand. A piece that was ours to lose and is nowhere is what the rules look for.
 * It must never change a sandbox that does not run.
 */
import type { Scope } from "@/lib/ids";
import type { E2bCloud } from "@/lib/local/e2b/cloud";
import type { VirtualMachines } from "@/tests/support/virtual-machines";

export interface Piece {
  readonly text: string;
  readonly path: string;
  readonly sandboxId: string;
  readonly scope: Scope;
  readonly at: number;
}

export function createWork(cloud: E2bCloud, machines: VirtualMachines, now: () => number) {
  const pieces: Piece[] = [];
  /** Sandboxes that others destroyed: what was in them was not ours to keep. */
  const lostByOthers = new Set<string>();
  /** Sandboxes that rested and have lost a file of the product's since. */
  const damaged = new Set<string>();
  return {
    pieces,
    lostByOthers,
    editIn(sandboxId: string, scope: Scope): void {
      if (!cloud.isRunning(sandboxId)) return;
      const text = `piece ${pieces.length + 1}`;
      const path = `work-${(pieces.length % 3) + 1}.txt`;
      machines.writeFiles(sandboxId, [{ path: `app/${path}`, content: new TextEncoder().encode(text) }]);
      pieces.push({ text, path, sandboxId, scope, at: now() });
    },
    /** A bug of the provider's: what comes back from the pause is not what was paused. */
    async damage(sandboxId: string): Promise<void> {
      damaged.add(sandboxId);
      lostByOthers.add(sandboxId);
      await machines.loseFiles(sandboxId, ["app/page.txt"]);
    },
    /** The product's files were brought into it anew. */
    mended: (sandboxId: string) => damaged.delete(sandboxId),
    isDamaged: (sandboxId: string) => damaged.has(sandboxId),
    losing(sandboxId: string): void {
      lostByOthers.add(sandboxId);
    },
  };
}
