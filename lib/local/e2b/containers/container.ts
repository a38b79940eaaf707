/**
 * Owns the port between a sandbox's machine and the way this computer keeps sandboxes apart: where a program starts,
 * which processes belong to it, and how its ports are reached. Two ways exist: Linux namespaces, and, where the
 * system does not allow them, ordinary processes with mapped ports. Types only.
 */
import type { Socket } from "node:net";
import type { Outlet } from "@/lib/local/e2b/containers/outlet";
import type { ProcessRow } from "@/lib/local/e2b/containers/process-table";
import type { SandboxUser } from "@/lib/local/e2b/machine/sandbox-user";
import type { ProcessIdentity } from "@/lib/local/e2b/machine/started-process";
import type { Log } from "@/lib/log";

/** A program as the sandbox names it. */
export interface ProgramInSandbox {
  readonly program: string;
  readonly args: readonly string[];
  /** The sandbox's own path of the folder that it starts in. */
  readonly cwd: string;
  readonly user: SandboxUser;
  /** Of the sandbox and of the command; they win over the container's own. */
  readonly envs: Readonly<Record<string, string>>;
}

/** The same program as this machine starts it. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** A folder of this machine. */
  readonly folder: string;
  /** The whole environment: nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** Which process the program is, where the one that was started only leads to it; undefined when it has ended. */
  readonly identify?: (startedPid: number) => Promise<ProcessIdentity | undefined>;
}

export interface ContainerSettings {
  readonly log: Log;
  /** On each process, so that a later stand-in can tell whose leftovers they are. */
  readonly instanceId: string;
  /** Shared by all sandboxes; default: the developer's own. */
  readonly npmCacheFolder?: string | undefined;
  /** Where sandboxes in namespaces reach the world; default: through this process. */
  readonly outlet?: Outlet | undefined;
}

export interface Container {
  /**
   * The folder of this machine under which the sandbox's own view of its files lies: what its programs see, envd sees.
   * Like `launch`, it makes ready what is needed.
   */
  root(): Promise<string>;
  /** How to start it. The first call makes ready what is needed; rejects with the reason when that cannot be. */
  launch(program: ProgramInSandbox): Promise<Launch>;
  /** Where this machine's own is shown in the sandbox: nothing that can be removed or moved there. */
  mountPoints(): readonly string[];
  /** The living processes of the sandbox, read afresh; what only serves the container is not among them. */
  processes(): ProcessRow[];
  /** Resolves when all of them stand still; rejects, having continued them, when that takes too long. */
  stop(): Promise<void>;
  continue(): Promise<void>;
  /** A connection to what listens on that port of the sandbox's loopback; undefined when nothing does. */
  connect(port: number): Promise<Socket | undefined>;
  /** Resolves when none of them is left; rejects when one cannot be killed. */
  killAll(): Promise<void>;
  /** The last resort when this process ends: nothing can be waited for then. */
  killAtOnce(): void;
  /** Its programs can tell that it started anew, where the container can show that. */
  reboot(): Promise<void>;
  /** Cuts what leads out of the sandbox, as a pause does, where the container knows of it. */
  disconnect(): void;
  /** Resolves when none of its processes is left, nor what serves it; harmless for one that was never used. */
  close(): Promise<void>;
}

export interface Containers {
  readonly kind: "namespaces" | "mapped-ports";
  /** `root` is the folder of this machine that is the sandbox's `/`; nothing is started yet. */
  open(sandboxId: string, root: string): Container;
}
