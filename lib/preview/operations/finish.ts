/**
 * Owns the end of a boot: the provider's own times are read once more and the preview is committed as running. Fenced
 * like every commit. Fails closed with catalogue errors; a sandbox that vanished meanwhile is `SandboxGoneError`.
 */
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import type { Snapshot } from "../record";
import { readRunning, stillMine } from "./boot";
import { commitRunning } from "./settle";

export async function finishBoot(
  runtime: Runtime,
  lease: Lease,
  isResume: boolean,
  requestId: string,
): Promise<Snapshot> {
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "answer");
  const sandbox = await readRunning(runtime, sandboxId);
  return commitRunning(runtime, lease, {
    sandbox,
    port: snapshot.record.port ?? 3000,
    cameBack: isResume ? "resumed" : "rebuilt-cold",
    requestId,
  });
}
