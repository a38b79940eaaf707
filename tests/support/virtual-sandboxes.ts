/**
 * Owns the sandbox port over the E2B stand-in's own semantics, without wire and processes: what `lib/sandbox/e2b.ts`
 * does with the SDK, this does with `E2bCloud` directly. It must never soften a rule of E2B's (the silent clamp, 409 for
 * a second pause, ids that are gone). Fails with the catalogue's errors, as the port wants.
 */
import {
  ProviderBusyError,
  ProviderCapacityError,
  ProviderRefusedError,
  ProviderUnreachableError,
  SandboxGoneError,
} from "@/lib/errors";
import { type SandboxId, sandboxIdSchema } from "@/lib/ids";
import type { E2bCloud } from "@/lib/local/e2b/cloud";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import type { ObservedSandbox, RunningSandbox, Sandboxes } from "@/lib/sandbox/port";
import type { VirtualMachines } from "./virtual-machines";

/** The wire takes whole seconds. */
const seconds = (durationMs: number): number => Math.ceil(durationMs / 1000);

export function virtualSandboxes(cloud: E2bCloud, machines: VirtualMachines): Sandboxes {
  const observe = async (sandboxId: SandboxId): Promise<ObservedSandbox> => {
    try {
      return observed(cloud.get(sandboxId));
    } catch (error) {
      if (statusOf(error) === 404) return { kind: "gone" };
      throw translated("observe", sandboxId, error);
    }
  };

  /** Work inside a sandbox that does not run: E2B's proxy answers 502, and the adapter looks which it is. */
  const inside = <T>(call: string, sandboxId: SandboxId, work: () => T): T => {
    if (cloud.isRunning(sandboxId)) return work();
    if (cloud.views().some((view) => view.sandboxId === sandboxId)) throw new ProviderBusyError(call);
    throw new SandboxGoneError(sandboxId);
  };

  return {
    observe,

    async create(labels, keepAliveMs) {
      const request = {
        templateId: "base",
        timeoutSeconds: seconds(keepAliveMs),
        metadata: { ...labels },
        onTimeout: "pause" as const,
      };
      return running(await cloud.create(request).catch(rethrow("create")));
    },

    async connect(sandboxId, keepAliveMs) {
      const { sandbox } = await cloud
        .connect(sandboxId, seconds(keepAliveMs))
        .catch(rethrow("connect", sandboxId));
      return running(sandbox);
    },

    async extend(sandboxId, keepAliveMs) {
      try {
        cloud.setTimeout(sandboxId, seconds(keepAliveMs));
      } catch (error) {
        if (statusOf(error) === 400) return { kind: "past-cap" };
        if (statusOf(error) !== 404) throw translated("extend", sandboxId, error);
      }
      const seen = await observe(sandboxId);
      return seen.kind === "running" ? { ...seen, kind: "extended" } : seen;
    },

    async pause(sandboxId) {
      try {
        await cloud.pause(sandboxId);
        return "paused";
      } catch (error) {
        if (statusOf(error) === 404) return "gone";
        if (statusOf(error) !== 409) throw translated("pause", sandboxId, error);
      }
      const seen = await observe(sandboxId);
      if (seen.kind === "running") throw new ProviderBusyError("pause");
      return seen.kind;
    },

    async kill(sandboxId) {
      const isThere = cloud.views().some((view) => view.sandboxId === sandboxId);
      if (isThere) await cloud.kill(sandboxId);
      return isThere;
    },

    async find(labels) {
      return cloud
        .list({ metadata: { ...labels } })
        .items.map((view) => ({
          sandboxId: sandboxIdSchema.parse(view.sandboxId),
          state: view.state,
          startedAt: view.startedAt,
          endsAt: view.endAt,
          epoch: Number(view.metadata.epoch ?? 0),
        }))
        .sort((left, right) => right.epoch - left.epoch || right.startedAt - left.startedAt);
    },

    async writeFiles(sandboxId) {
      inside("write files", sandboxId, () => undefined);
    },

    async run(sandboxId, script, { variables }) {
      return inside("run a command", sandboxId, () => {
        if (variables.JOB !== undefined) {
          return { exitCode: 0, stdout: machines.pollJob(sandboxId, variables.JOB) };
        }
        if (script.includes("rm -rf .rekindle/jobs")) machines.stopJobs(sandboxId);
        return { exitCode: 0, stdout: "" };
      });
    },

    async startInBackground(sandboxId, _script, { variables }) {
      const { JOB, SCRIPT } = variables;
      if (JOB === undefined || SCRIPT === undefined) throw new Error("a job needs a name and a script");
      inside("start a job", sandboxId, () => machines.startJob(sandboxId, JOB, SCRIPT));
    },
  };
}

const running = (view: SandboxView): RunningSandbox => ({
  sandboxId: sandboxIdSchema.parse(view.sandboxId),
  startedAt: view.startedAt,
  endsAt: view.endAt,
});

const observed = (view: SandboxView): ObservedSandbox =>
  view.state === "paused"
    ? { kind: "paused", pausedAt: view.endAt }
    : { kind: "running", startedAt: view.startedAt, endsAt: view.endAt };

const statusOf = (error: unknown): number | undefined =>
  error instanceof ApiError ? error.status : undefined;

const rethrow =
  (call: string, sandboxId?: SandboxId) =>
  (error: unknown): never => {
    throw translated(call, sandboxId, error);
  };

function translated(call: string, sandboxId: SandboxId | undefined, error: unknown): Error {
  switch (statusOf(error)) {
    case undefined:
      return error instanceof Error ? error : new Error(String(error));
    case 404:
      return sandboxId ? new SandboxGoneError(sandboxId, error) : new ProviderRefusedError(call, 404, error);
    case 409:
    case 503:
      return new ProviderBusyError(call, error);
    case 429:
      return new ProviderCapacityError(20);
    case 400:
      return new ProviderRefusedError(call, 400, error);
    default:
      return new ProviderUnreachableError(call, error);
  }
}
