/**
 * Owns the sandbox port over the E2B stand-in's own semantics, without wire and processes: what `lib/sandbox/e2b.ts`
 * does with the SDK, this does with `E2bCloud` directly. It must never soften a rule of E2B's (the silent clamp, 409 for
 * a second pause, ids that are gone). Fails with the catalogue's errors, as the port wants.
 */
import { forgetScript } from "@/lib/boot/jobs";
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
import type { Boot, SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import { snapshotIdOf } from "@/lib/local/e2b/semantics/snapshots";
import type { ListedSandbox, ObservedSandbox, RunningSandbox, Sandboxes } from "@/lib/sandbox/port";
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

  const pause = async (sandboxId: SandboxId): Promise<"paused" | "gone"> => {
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
  };

  const connect = async (sandboxId: SandboxId, keepAliveMs: number, boot: Boot): Promise<RunningSandbox> => {
    const { sandbox } = await cloud
      .connect(sandboxId, seconds(keepAliveMs), boot)
      .catch(rethrow("connect", sandboxId));
    return running(sandbox);
  };

  return {
    observe,
    pause,

    async labelsOf(sandboxId) {
      return cloud.views().find((view) => view.sandboxId === sandboxId)?.metadata;
    },

    async create(labels, keepAliveMs) {
      const request = {
        templateId: "base",
        timeoutSeconds: seconds(keepAliveMs),
        metadata: { ...labels },
        onTimeout: "pause" as const,
      };
      return running(await cloud.create(request).catch(rethrow("create")));
    },

    connect: (sandboxId, keepAliveMs) => connect(sandboxId, keepAliveMs, "memory"),

    async reboot(sandboxId, keepAliveMs) {
      if ((await pause(sandboxId)) === "gone") throw new SandboxGoneError(sandboxId);
      return connect(sandboxId, keepAliveMs, "cold");
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

    async listPage({ app, env, userId }, from) {
      const metadata = { app, env, ...(userId === undefined ? {} : { userId }) };
      const page = cloud.list({ metadata, ...(from === undefined ? {} : { nextToken: from }) });
      return { sandboxes: page.items.map(listed), ...(page.nextToken ? { next: page.nextToken } : {}) };
    },

    async count({ app, env }) {
      const running = cloud.views().filter(({ state }) => state === "running");
      const ours = running.filter(({ metadata }) => metadata.app === app && metadata.env === env).length;
      return { ours, others: running.length - ours };
    },

    async snapshotsOf(sandboxId) {
      return cloud.listSnapshots({ sandboxId }).items.map(snapshotIdOf);
    },

    async deleteSnapshot(snapshotId) {
      try {
        await cloud.deleteSnapshot(snapshotId);
        return true;
      } catch (error) {
        if (statusOf(error) === 404) return false;
        throw translated("delete a snapshot", undefined, error);
      }
    },

    async writeFiles(sandboxId, files) {
      inside("write files", sandboxId, () => machines.writeFiles(sandboxId, files));
    },

    async readFiles(sandboxId, paths) {
      return inside("read files", sandboxId, () => machines.readFiles(sandboxId, paths));
    },

    async run(sandboxId, script, { variables }) {
      return inside("run a command", sandboxId, () => {
        if (variables.JOB !== undefined) {
          return { exitCode: 0, stdout: machines.pollJob(sandboxId, variables.JOB) };
        }
        if (script.includes("rm -rf .rekindle/jobs") || script === forgetScript) {
          machines.stopJobs(sandboxId);
          return { exitCode: 0, stdout: "" };
        }
        return { exitCode: 0, stdout: machines.runScript(sandboxId, script, variables) };
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

const listed = (view: SandboxView): ListedSandbox => ({
  sandboxId: sandboxIdSchema.parse(view.sandboxId),
  state: view.state,
  startedAt: view.startedAt,
  endsAt: view.endAt,
  labels: view.metadata,
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
