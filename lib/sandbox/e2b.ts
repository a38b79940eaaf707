/**
 * Owns the door to E2B: with e2b-errors and e2b-files the only code that imports "e2b" (SDK 2.51). Turns the port's
 * words into SDK calls and the SDK's answers into the port's words; errors go through `translate`. It must never resume
 * a sandbox by accident: only `connect` and `reboot` and, under the same claim, work inside a sandbox open a
 * connection. Fails closed with catalogue errors.
 */
import { CommandExitError, type ConnectionOpts, Sandbox, type SandboxInfo } from "e2b";
import { ProviderBusyError, SandboxGoneError } from "@/lib/errors";
import { type SandboxId, sandboxIdSchema } from "@/lib/ids";
import { withinDeadline } from "./e2b-deadline";
import { type Failure, failureOf, providerError } from "./e2b-errors";
import { readSandboxFiles, writeSandboxFiles } from "./e2b-files";
import { countRunning, foundSandbox, listPage, listSnapshots } from "./e2b-listing";
import type { FoundSandbox, ObservedSandbox, RunningSandbox, Sandboxes } from "./port";

export interface E2bOptions {
  readonly apiKey: string;
  /** Where the control plane answers; E2B's own when absent. */
  readonly apiUrl?: string;
  /** Where sandboxes answer; E2B's own when absent. */
  readonly sandboxUrl?: string;
  readonly domain?: string;
  readonly template: string;
  /** Asked for whenever work inside a sandbox has to connect; see the policy's number of the same name. */
  readonly keepAliveMs: number;
  /** How many sandboxes the plan runs at once; tells a full plan from a hurried caller on a 429. */
  readonly planConcurrency: number;
  /** How long one call may take. */
  readonly requestDeadlineMs: number;
}

/**
 * A live sandbox of the SDK's, without what would act behind Rekindle's back: pausing, killing, its timeout. It is good
 * while the hold lasts under which it was lent.
 */
export type LentSandbox = Pick<
  Sandbox,
  | "sandboxId"
  | "files"
  | "commands"
  | "pty"
  | "git"
  | "getHost"
  | "getInfo"
  | "getMetrics"
  | "uploadUrl"
  | "downloadUrl"
>;

/** The port, and what only E2B can lend. */
export interface E2bSandboxes extends Sandboxes {
  /** The running sandbox, connected; extended if need be and never shortened. @throws SandboxGoneError */
  lend(sandboxId: SandboxId): Promise<LentSandbox>;
}

/** A connection costs a round trip and holds the sandbox's access token, so a few are kept, never written down. */
const MOST_CONNECTIONS = 100;

export function e2bSandboxes(options: E2bOptions): E2bSandboxes {
  const connection: ConnectionOpts = {
    apiKey: options.apiKey,
    requestTimeoutMs: options.requestDeadlineMs,
    ...(options.apiUrl ? { apiUrl: options.apiUrl } : {}),
    ...(options.sandboxUrl ? { sandboxUrl: options.sandboxUrl } : {}),
    ...(options.domain ? { domain: options.domain } : {}),
  };
  const connected = new Map<SandboxId, Sandbox>();

  function remember(sandbox: Sandbox): SandboxId {
    const sandboxId = sandboxIdSchema.parse(sandbox.sandboxId);
    connected.set(sandboxId, sandbox);
    for (const oldest of connected.keys()) {
      if (connected.size <= MOST_CONNECTIONS) break;
      connected.delete(oldest);
    }
    return sandboxId;
  }

  async function attached(sandboxId: SandboxId): Promise<Sandbox> {
    const known = connected.get(sandboxId);
    if (known) return known;
    const sandbox = await inTime(() =>
      Sandbox.connect(sandboxId, { ...connection, timeoutMs: options.keepAliveMs }),
    );
    remember(sandbox);
    return sandbox;
  }

  const inTime = <T>(work: () => Promise<T>, deadlineMs = options.requestDeadlineMs): Promise<T> =>
    withinDeadline(deadlineMs, work);

  /** Runs one SDK call; a failure is classified by type and status and, where these leave two meanings, by one read. */
  async function call<T>(name: string, sandboxId: SandboxId | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await explain(name, sandboxId, error, failureOf(error));
    }
  }

  async function explain(name: string, sandboxId: SandboxId | undefined, error: unknown, failure: Failure) {
    if (failure.kind === "too-many") {
      return providerError(
        name,
        failure,
        { running: await runningNow(), limit: options.planConcurrency },
        error,
      );
    }
    if (failure.kind !== "not-running" || !sandboxId) return providerError(name, failure, undefined, error);
    connected.delete(sandboxId);
    const seen = await observe(sandboxId);
    return seen.kind === "gone" ? new SandboxGoneError(sandboxId, error) : new ProviderBusyError(name, error);
  }

  /** Undefined when the count itself cannot be had: then nothing is claimed about the plan. */
  async function runningNow(): Promise<number | undefined> {
    try {
      const { ours, others } = await countRunning(connection, (work) => inTime(work), { app: "", env: "" });
      return ours + others;
    } catch {
      // Accepted loss: the 429 is then reported as a matter of rate, which is retried, never as a full plan.
      return undefined;
    }
  }

  /** Undefined when there is no such sandbox. */
  async function infoOf(sandboxId: SandboxId): Promise<SandboxInfo | undefined> {
    try {
      return await inTime(() => Sandbox.getInfo(sandboxId, connection));
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "not-running") return undefined;
      throw providerError("observe", failure, undefined, error);
    }
  }

  async function observe(sandboxId: SandboxId): Promise<ObservedSandbox> {
    const info = await infoOf(sandboxId);
    return info ? observed(info) : { kind: "gone" };
  }

  /** The SDK's create and connect answer no times, and E2B clamps silently: read them (e2b.md §2.2, 2026-11-22). */
  async function readRunning(sandboxId: SandboxId): Promise<RunningSandbox> {
    const seen = await observe(sandboxId);
    if (seen.kind === "gone") throw new SandboxGoneError(sandboxId);
    if (seen.kind === "paused") throw new ProviderBusyError("connect");
    return { sandboxId, startedAt: seen.startedAt, endsAt: seen.endsAt };
  }

  async function connectTo(
    sandboxId: SandboxId,
    timeoutMs: number,
    onResume: "restore" | "reboot",
    deadlineMs?: number,
  ): Promise<RunningSandbox> {
    const limits = { timeoutMs, ...(deadlineMs ? { requestTimeoutMs: deadlineMs } : {}) };
    const sandbox = await call("connect", sandboxId, () =>
      inTime(() => Sandbox.connect(sandboxId, { ...connection, ...limits, onResume }), deadlineMs),
    );
    return readRunning(remember(sandbox));
  }

  async function pause(sandboxId: SandboxId): Promise<"paused" | "gone"> {
    connected.delete(sandboxId);
    try {
      const isPausedNow = await inTime(() => Sandbox.pause(sandboxId, connection));
      if (isPausedNow) return "paused";
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "not-running") return "gone";
      throw providerError("pause", failure, undefined, error);
    }
    // `false` is any 409: paused already, or in a transition of E2B's own (e2b.md §1.3, 2026-11-22).
    const seen = await observe(sandboxId);
    if (seen.kind === "running") throw new ProviderBusyError("pause");
    return seen.kind;
  }

  return {
    observe,
    pause,

    lend: (sandboxId) => call("lend", sandboxId, () => attached(sandboxId)),

    async create(labels, keepAliveMs) {
      const sandbox = await call("create", undefined, () =>
        inTime(() =>
          Sandbox.create(options.template, {
            ...connection,
            timeoutMs: keepAliveMs,
            metadata: { ...labels },
            // If everything of ours is down, E2B itself pauses; nothing but us wakes it (strangers' traffic would bill).
            lifecycle: { onTimeout: "pause", autoResume: false },
          }),
        ),
      );
      return readRunning(remember(sandbox));
    },

    connect: (sandboxId, keepAliveMs, deadlineMs) => connectTo(sandboxId, keepAliveMs, "restore", deadlineMs),

    async reboot(sandboxId, keepAliveMs, deadlineMs) {
      // Memory is only dropped on the way out of a pause; on a running one E2B ignores the wish (SDK 2.51's own comment).
      if ((await pause(sandboxId)) === "gone") throw new SandboxGoneError(sandboxId);
      return connectTo(sandboxId, keepAliveMs, "reboot", deadlineMs);
    },

    labelsOf: async (sandboxId) => (await infoOf(sandboxId))?.metadata,

    async extend(sandboxId, keepAliveMs) {
      try {
        await inTime(() => Sandbox.setTimeout(sandboxId, keepAliveMs, connection));
      } catch (error) {
        const failure = failureOf(error);
        if (failure.kind === "refused" && failure.status === 400) return { kind: "past-cap" };
        if (failure.kind !== "not-running") throw providerError("extend", failure, undefined, error);
      }
      const seen = await observe(sandboxId);
      if (seen.kind !== "running") return seen;
      return { kind: "extended", startedAt: seen.startedAt, endsAt: seen.endsAt };
    },

    async kill(sandboxId) {
      connected.delete(sandboxId);
      return call("kill", undefined, () => inTime(() => Sandbox.kill(sandboxId, connection)));
    },

    async find(labels) {
      const found: FoundSandbox[] = [];
      const pages = Sandbox.list({ ...connection, query: { metadata: { ...labels } }, limit: 100 });
      while (pages.hasNext) {
        const page = await call("find", undefined, () => inTime(() => pages.nextItems()));
        found.push(...page.map(foundSandbox));
      }
      return found.sort((left, right) => right.epoch - left.epoch || right.startedAt - left.startedAt);
    },

    listPage: (labels, from) =>
      call("list", undefined, () => listPage(connection, (work) => inTime(work), labels, from)),

    count: (labels) =>
      call("count", undefined, () => countRunning(connection, (work) => inTime(work), labels)),

    snapshotsOf: (sandboxId) =>
      call("list snapshots", undefined, () => listSnapshots(connection, (work) => inTime(work), sandboxId)),

    deleteSnapshot: (snapshotId) =>
      call("delete a snapshot", undefined, () =>
        inTime(() => Sandbox.deleteSnapshot(snapshotId, connection)),
      ),

    async writeFiles(sandboxId, files) {
      await call("write files", sandboxId, async () => {
        const sandbox = await attached(sandboxId);
        await inTime(() => writeSandboxFiles(sandbox, files));
      });
    },

    async readFiles(sandboxId, paths) {
      return call("read files", sandboxId, async () => {
        const sandbox = await attached(sandboxId);
        return readSandboxFiles(sandbox, paths, (reading) => inTime(reading));
      });
    },

    async run(sandboxId, script, { variables, deadlineMs }) {
      return call("run a command", sandboxId, async () => {
        const sandbox = await attached(sandboxId);
        try {
          const limits = { timeoutMs: deadlineMs, requestTimeoutMs: deadlineMs };
          const running = () => sandbox.commands.run(script, { envs: { ...variables }, ...limits });
          const result = await inTime(running, deadlineMs);
          return { exitCode: result.exitCode, stdout: result.stdout };
        } catch (error) {
          if (error instanceof CommandExitError) return { exitCode: error.exitCode, stdout: error.stdout };
          throw error;
        }
      });
    },

    async startInBackground(sandboxId, script, { variables, deadlineMs }) {
      await call("start a job", sandboxId, async () => {
        const sandbox = await attached(sandboxId);
        // The default of 60 s is the job's whole life, background or not; 0 lets it live (e2b.md §1.3 trap 1).
        const limits = { timeoutMs: 0, requestTimeoutMs: deadlineMs };
        const start = () =>
          sandbox.commands.run(script, { background: true, envs: { ...variables }, ...limits });
        const handle = await inTime(start, deadlineMs);
        // An open handle keeps this process alive and streams output that nobody reads (trap 2).
        await handle.disconnect();
      });
    },
  };
}

function observed(info: SandboxInfo): ObservedSandbox {
  const endsAt = info.endAt.getTime();
  if (info.state === "paused") return { kind: "paused", pausedAt: endsAt };
  return { kind: "running", startedAt: info.startedAt.getTime(), endsAt };
}
