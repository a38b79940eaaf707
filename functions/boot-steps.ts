/**
 * Owns the durable steps from a held claim to a server that answers: a sandbox, files, install, server. It must never end
 * the claim but with what it came to. Fails as a step does: with a reason, or superseded; a provider without room is no
 * failure, but a wait in the line. Step ids are stable: runs in flight meet newer code.
 */
import { z } from "zod";
import { ProviderCapacityError } from "@/lib/errors";
import { acquireSandbox } from "@/lib/preview/operations/acquire";
import { awaitInstall, awaitServer, bringFiles } from "@/lib/preview/operations/boot";
import { checkBack } from "@/lib/preview/operations/check-back";
import { finishBoot } from "@/lib/preview/operations/finish";
import { standInLine } from "@/lib/preview/operations/stand-in-line";
import type { Runtime } from "@/lib/runtime";
import type { Lease } from "@/lib/store/store";
import { type News, newsOfRunning, newsSchema } from "./announce";
import { pollUntilDone } from "./poll";
import type { Act, StepOutcome } from "./step-outcome";

const acquiredSchema = z.object({ how: z.string(), isResume: z.boolean() });
type Acquired = z.infer<typeof acquiredSchema>;

/**
 * Once more when the sandbox was taken away from under the boot: who waits did nothing wrong, and would only click again.
 * Not more often: what takes each one away would be paid for without end.
 */
export async function bootWhateverIsTaken(
  runtime: Runtime,
  lease: Lease,
  requestId: string,
  act: Act,
): Promise<StepOutcome<News>> {
  const booted = await boot(runtime, lease, requestId, act);
  if (booted.kind !== "failed" || booted.reason !== "sandbox-gone") return booted;
  return boot(runtime, lease, requestId, (id, result, work) => act(`again-${id}`, result, work));
}

/**
 * From a held claim to a server that answers. A resume that could not be finished while the person waited skips what
 * its sandbox has already; a sandbox that turned out to be gone makes it a start like any other.
 */
async function boot(runtime: Runtime, lease: Lease, requestId: string, act: Act): Promise<StepOutcome<News>> {
  const acquired = await acquire(runtime, lease, act);
  if (acquired.kind !== "ok") return acquired;
  if (acquired.value.how === "no-place") return { kind: "ok", value: { kind: "line-waiting" } };
  if (!acquired.value.isResume) {
    const brought = await act("bring-files", z.null(), async () => {
      await bringFiles(runtime, lease);
      return null;
    });
    if (brought.kind !== "ok") return brought;
    const installed = await pollUntilDone("poll-install", act, () => awaitInstall(runtime, lease));
    if (installed.kind !== "ok") return installed;
  }
  const answering = await pollUntilDone("poll-server", act, () => awaitServer(runtime, lease));
  if (answering.kind !== "ok") return answering;
  return act("commit-running", newsSchema, async () =>
    newsOfRunning(runtime, await finishBoot(runtime, lease, acquired.value.isResume, requestId)),
  );
}

/** A sandbox that is as it was paused, or an empty one; or the provider has no room, and it stands in the line. */
async function acquire(runtime: Runtime, lease: Lease, act: Act): Promise<StepOutcome<Acquired>> {
  const acquireAs = (id: string, isUntouched: boolean) =>
    act(id, acquiredSchema, () =>
      unlessFull(runtime, lease, isUntouched, noPlace, () => acquireSandbox(runtime, lease)),
    );
  const acquired = await acquireAs("acquire-sandbox", true);
  if (acquired.kind !== "ok" || !acquired.value.isResume) return acquired;
  const checked = await act("check-back", z.enum(["intact", "rebooted", "put-aside", "no-place"]), () =>
    unlessFull(runtime, lease, false, "no-place" as const, () => checkBack(runtime, lease)),
  );
  if (checked.kind !== "ok") return checked;
  if (checked.value === "no-place") return { kind: "ok", value: noPlace };
  if (checked.value !== "put-aside") return acquired;
  return acquireAs("acquire-anew", false);
}

const noPlace = { how: "no-place", isResume: false };

async function unlessFull<T, F>(
  runtime: Runtime,
  lease: Lease,
  isUntouched: boolean,
  full: F,
  work: () => Promise<T>,
): Promise<T | F> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProviderCapacityError)) throw error;
    await standInLine(runtime, lease, { isUntouched });
    return full;
  }
}
