/**
 * Owns the steps of a boot, each of which an Inngest step calls: it renews the claim first (and ends the run when
 * another took over), does one thing within the step's budget, and may be repeated after any failure. A takeover goes
 * on where the one before stopped: it adopts the sandbox and finds the running jobs by their names.
 * It must never hold a request longer than the policy's step budget. Fails closed with catalogue errors; what the
 * project itself did wrong is an outcome, not an error.
 */
import { z } from "zod";
import { type Job, type JobStatus, pollJob, startJob, stopAllJobs } from "@/lib/boot/jobs";
import { prepareProject } from "@/lib/boot/prepare";
import type { ProbeResult } from "@/lib/boot/probe";
import { sleep } from "@/lib/clock";
import { SandboxGoneError } from "@/lib/errors";
import { type SandboxId, sandboxIdSchema } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { RunningSandbox } from "@/lib/sandbox/port";
import type { Lease } from "@/lib/store/store";
import { reasonSchema } from "../reasons";
import type { Phase, Snapshot } from "../record";
import { sandboxOf } from "../record";
import { filesSource } from "./files-source";
import { rescueUnsaved } from "./save-files";
import { commit } from "./settle";

/** One look at a job: done, still at it, or ended in a way that a person has to read. */
export const progressSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("going-on") }),
  z.object({ kind: z.literal("failed"), reason: reasonSchema }),
]);
export type Progress = z.infer<typeof progressSchema>;

/** The project's files and scripts are in the sandbox. Done once a boot: again would end the jobs that run by then. */
export async function bringFiles(runtime: Runtime, lease: Lease): Promise<void> {
  const { sandboxId, snapshot } = await stillMine(runtime, lease, "files");
  const bootId = snapshot.record.bootId ?? "none";
  if (snapshot.record.filesFor === bootId) return;
  const beforeEachChange = async () => {
    await stillMine(runtime, lease, "files");
  };
  await rescueUnsaved(runtime, lease, sandboxId, bootId);
  const prepared = await prepareProject(
    { ...runtime, source: filesSource(runtime), beforeEachChange },
    {
      projectId: lease.scope.projectId,
      sandboxId,
      deadlineMs: runtime.policy.stepBudgetMs,
      generation: `boot-${bootId}`,
    },
  );
  await commit(runtime, lease, {
    operation: `files-${bootId}`,
    claim: "hold",
    set: {
      revision: prepared.revision,
      port: prepared.port,
      filesFor: bootId,
      generation: `boot-${bootId}`,
      savedAt: snapshot.now,
    },
    remove: ["sealHash", "unsaved"],
    check: { inMs: runtime.policy.leaseMs },
  });
}

/** One look of at most the step's budget at the install, which is started by the first. */
export function awaitInstall(runtime: Runtime, lease: Lease): Promise<Progress> {
  return watchJob(runtime, lease, "install", async (job, status, { waitedMs }) => {
    if (status.kind === "exited") {
      return status.exitCode === 0 ? { kind: "done" } : { kind: "failed", reason: "install-failed" };
    }
    if (status.kind === "lost") return { kind: "failed", reason: "install-failed" };
    if (waitedMs > runtime.policy.installDeadlineMs) return { kind: "failed", reason: "install-timed-out" };
    if (status.kind === "not-started") await startJob(runtime.sandboxes, job, runtime.policy.stepBudgetMs);
    return { kind: "going-on" };
  });
}

/**
 * One look of at most the step's budget at the dev server; done when it answers. A boot starts it at the first look.
 * After a resume it is started again only when nothing listens at its port (one that is merely slow must not meet a
 * second one), and only after what is left of the first was ended.
 */
export function awaitServer(runtime: Runtime, lease: Lease): Promise<Progress> {
  const { sandboxes, policy } = runtime;
  const ask = patientProbe(runtime);
  return watchJob(runtime, lease, "start", async (job, status, { waitedMs, port, leftMs, isResume }) => {
    if (status.kind === "not-started" && !isResume) await startJob(sandboxes, job, policy.stepBudgetMs);
    const probed = await ask(job.sandboxId, port, leftMs);
    if (probed?.kind === "answers") return { kind: "done" };
    if (status.kind === "exited" || status.kind === "lost")
      return { kind: "failed", reason: "server-exited" };
    if (waitedMs > policy.serverDeadlineMs) return { kind: "failed", reason: "port-never-opened" };
    if (status.kind === "not-started" && isResume && probed?.kind === "port-closed") {
      await commit(runtime, lease, {
        operation: "restart",
        claim: "hold",
        set: { restartId: job.name },
        check: { inMs: policy.leaseMs },
      });
      await stopAllJobs(sandboxes, job.sandboxId, policy.stepBudgetMs);
      await startJob(sandboxes, job, policy.stepBudgetMs);
    }
    return { kind: "going-on" };
  });
}

/**
 * Asks whether the server answers, and answers undefined while the question is open; the next call waits for the same
 * one. A server that compiles its first page answers after many seconds, and asking anew each time would hear nothing.
 */
function patientProbe({ probe, clock, policy }: Runtime) {
  let asked: Promise<ProbeResult> | undefined;
  return async (sandboxId: SandboxId, port: number, openForMs: number): Promise<ProbeResult | undefined> => {
    const question = asked ?? probe(sandboxId, port, openForMs);
    const answer = await new Promise<ProbeResult | undefined>((resolve, reject) => {
      const cancel = clock.after(policy.pollEveryMs, () => resolve(undefined));
      question.then(resolve, reject).finally(cancel);
    });
    asked = answer ? undefined : question;
    return answer;
  };
}

interface Wait {
  /** Since this phase began, by Redis's clock; a takeover begins its phases anew. */
  readonly waitedMs: number;
  readonly port: number;
  /** Of the step's budget. */
  readonly leftMs: number;
  readonly isResume: boolean;
}

async function watchJob(
  runtime: Runtime,
  lease: Lease,
  phase: "install" | "start",
  look: (job: Job, status: JobStatus, wait: Wait) => Promise<Progress>,
): Promise<Progress> {
  const { sandboxes, clock, policy, store } = runtime;
  const deadlineAt = clock.now() + policy.stepBudgetMs;
  const { sandboxId, snapshot } = await stillMine(runtime, lease, phase);
  const { record } = snapshot;
  const job: Job = { sandboxId, name: jobName(lease, snapshot, phase), script: `${phase}.sh` };
  const startedAt = clock.now();
  const waitedBeforeMs = snapshot.now - (record.phaseAt ?? snapshot.now);
  let shownTail = "";
  for (;;) {
    const status = await pollJob(sandboxes, job, policy.stepBudgetMs);
    if (status.logTail !== shownTail) {
      await store.renewLease(lease, { logTail: status.logTail });
      shownTail = status.logTail;
    }
    const waitedMs = waitedBeforeMs + (clock.now() - startedAt);
    const leftMs = deadlineAt - clock.now();
    const progress = await look(job, status, {
      waitedMs,
      port: record.port ?? 3000,
      leftMs,
      isResume: record.state === "resuming",
    });
    if (progress.kind !== "going-on" || clock.now() + policy.pollEveryMs >= deadlineAt) return progress;
    await sleep(clock, policy.pollEveryMs);
  }
}

/**
 * Jobs are named by the boot, so that a takeover finds them. A server that is started again after a resume has a name of
 * its own, kept in the record: the first one's status must not be taken for its, and a takeover must find it too.
 */
function jobName(lease: Lease, { record }: Snapshot, phase: "install" | "start"): string {
  if (record.leaseKind === "sync") return `${phase}-sync-${lease.epoch}`;
  const name = `${phase}-${record.bootId ?? "none"}`;
  if (record.state !== "resuming") return name;
  return record.restartId ?? `${name}-${lease.epoch}`;
}

/** Renews the claim and answers the sandbox that the record names. @throws LeaseLostError, SandboxGoneError */
export async function stillMine(
  runtime: Runtime,
  lease: Lease,
  phase: Phase,
): Promise<{ sandboxId: SandboxId; snapshot: Snapshot }> {
  const snapshot = await runtime.store.renewLease(lease, { phase });
  const sandboxId = sandboxOf(snapshot.record);
  if (!sandboxId) throw new SandboxGoneError(sandboxIdSchema.parse("none"));
  return { sandboxId, snapshot };
}

/** The sandbox's times as the provider has them now; for the commit that ends a boot. @throws SandboxGoneError */
export async function readRunning(runtime: Runtime, sandboxId: SandboxId): Promise<RunningSandbox> {
  const seen = await runtime.sandboxes.observe(sandboxId);
  if (seen.kind === "running") return { sandboxId, startedAt: seen.startedAt, endsAt: seen.endsAt };
  if (seen.kind === "gone") throw new SandboxGoneError(sandboxId);
  return runtime.sandboxes.connect(sandboxId, runtime.policy.keepAliveMs);
}
