/**
 * Owns keeping sandboxes apart where the system has no namespaces for us: ordinary processes, found by their mark, whose
 * Node servers are given free ports by a preload. It must never name a port that another process may have taken over:
 * what was written down by a process that is gone does not count. What is not Node keeps its own port and is not
 * reached, which is said; a second such server on the same port fails with its own EADDRINUSE.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type {
  Container,
  ContainerSettings,
  Containers,
  Launch,
  ProgramInSandbox,
} from "@/lib/local/e2b/containers/container";
import { freezeAndKillAll } from "@/lib/local/e2b/containers/process-signals";
import { markedProcesses, type ProcessRow } from "@/lib/local/e2b/containers/process-table";
import {
  INSTANCE_NAME,
  MARK_NAME,
  npmCacheFolder,
  sandboxEnvironment,
} from "@/lib/local/e2b/machine/sandbox-environment";
import { HOME, sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";

/** Where the mapped ports of a sandbox are written down; read by the preload. */
export const PORTS_FOLDER_NAME = "REKINDLE_LOCAL_PORTS";

const PRELOAD_FILE = fileURLToPath(new URL("./listen-preload.cjs", import.meta.url));

export function mappedPortContainers(settings: ContainerSettings): Containers {
  return {
    kind: "mapped-ports",
    open: (sandboxId, root) => new MappedPortContainer(sandboxId, root, settings),
  };
}

class MappedPortContainer implements Container {
  private readonly mark: string;
  private readonly warned = new Set<number>();

  constructor(
    private readonly sandboxId: string,
    private readonly folder: string,
    private readonly settings: ContainerSettings,
  ) {
    this.mark = `${MARK_NAME}=${sandboxId}`;
  }

  async root(): Promise<string> {
    return this.folder;
  }

  async launch({ program, args, cwd, envs, user }: ProgramInSandbox): Promise<Launch> {
    const { instanceId } = this.settings;
    const own = sandboxEnvironment(
      {
        home: join(this.folder, user === "root" ? "/root" : HOME),
        temporary: join(this.folder, "tmp"),
        npmCache: this.settings.npmCacheFolder ?? npmCacheFolder(),
      },
      user,
    );
    // The client's variables win, but its NODE_OPTIONS come after the preload.
    const options = [`--require ${quoted(PRELOAD_FILE)}`, envs.NODE_OPTIONS].filter(Boolean).join(" ");
    const marks = { [MARK_NAME]: this.sandboxId, [INSTANCE_NAME]: instanceId };
    const mapping = { NODE_OPTIONS: options, [PORTS_FOLDER_NAME]: portsFolder(this.folder) };
    return {
      program,
      args,
      folder: sandboxPath(this.folder, cwd).outside,
      environment: { ...own, ...envs, ...mapping, ...marks },
    };
  }

  processes(): ProcessRow[] {
    return markedProcesses(this.mark);
  }

  killAll(): Promise<void> {
    return freezeAndKillAll(() => this.processes());
  }

  async connect(port: number): Promise<Socket | undefined> {
    const realPort = this.realPortOf(port);
    if (realPort !== undefined) return connectTo(realPort);
    await this.warnOfUnmapped(port);
    return undefined;
  }

  async reboot(): Promise<void> {
    // Its programs see this machine's own start, which was another.
  }

  disconnect(): void {
    // Its programs reach the world without us.
  }

  /** Nothing serves it but its own processes. */
  close(): Promise<void> {
    return this.killAll();
  }

  /**
   * Something listens on that port of this machine, and it may well be the sandbox's own server, which is not Node. It
   * may as well be the developer's, so it is not led to; but nobody should have to guess why the preview stays closed.
   */
  private async warnOfUnmapped(port: number): Promise<void> {
    if (this.warned.has(port)) return;
    const socket = await connectTo(port);
    if (!socket) return;
    socket.destroy();
    this.warned.add(port);
    this.settings.log.warn(
      { sandboxId: this.sandboxId, port },
      "A program listens on this port of the machine, and no Node server of the sandbox has it. Only Node's servers get their port here: start another kind of server on Linux with namespaces, or in E2B itself",
    );
  }

  private realPortOf(port: number): number | undefined {
    let text: string;
    try {
      text = readFileSync(join(portsFolder(this.folder), String(port)), "utf8");
    } catch {
      // Nothing was ever written down for this port: it is closed.
      return undefined;
    }
    const entry = entryShape.safeParse(parse(text));
    if (!entry.success || entry.data.port === null) return undefined;
    return isOfSandbox(entry.data.pid, this.mark) ? entry.data.port : undefined;
  }
}

function connectTo(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

export function portsFolder(root: string): string {
  return join(root, ".ports");
}

const entryShape = z.object({ pid: z.int(), port: z.int().nullable() });

/** On Linux by the mark; elsewhere only that the process lives, as reading its environment would start a program. */
function isOfSandbox(pid: number, mark: string): boolean {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
    }
    return process.kill(pid, 0);
  } catch {
    // It is gone, and its port may be another's by now.
    return false;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It is being written this moment: the port opens with the next look.
    return undefined;
  }
}

/** NODE_OPTIONS splits at spaces and knows double quotes with backslash. */
function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replaceAll(/(["\\])/g, "\\$1")}"` : path;
}
