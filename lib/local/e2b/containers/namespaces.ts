/**
 * Owns sandboxes in Linux namespaces: each has a file system and a network of its own, made without privileges by
 * `unshare` and entered by `nsenter`, so that any program listens on the port it wants and `/home/user` is the
 * sandbox's. Processes keep this machine's ids. It must never show a sandbox the developer's home. Fails closed: a
 * container that cannot be made rejects its first launch with the system's own complaint.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import type {
  Container,
  ContainerSettings,
  Containers,
  Launch,
  ProgramInSandbox,
} from "@/lib/local/e2b/containers/container";
import {
  renewBootId,
  serviceEnvironment,
  startHolder,
  USER_ID,
} from "@/lib/local/e2b/containers/namespace-holder";
import { worldOutlet } from "@/lib/local/e2b/containers/outlet";
import { killAll } from "@/lib/local/e2b/containers/process-signals";
import {
  networkOf,
  type ProcessRow,
  processesInNetwork,
  readProcess,
} from "@/lib/local/e2b/containers/process-table";
import { Relay } from "@/lib/local/e2b/containers/relay";
import { CommandRefused } from "@/lib/local/e2b/machine/command";
import {
  INSTANCE_NAME,
  MARK_NAME,
  npmCacheFolder,
  sandboxEnvironment,
  sandboxSearchPath,
} from "@/lib/local/e2b/machine/sandbox-environment";
import { HOME } from "@/lib/local/e2b/machine/sandbox-paths";

export function namespaceContainers(settings: ContainerSettings): Containers {
  return {
    kind: "namespaces",
    open: (sandboxId, root) => new NamespaceContainer(sandboxId, root, settings),
  };
}

/** What keeps the namespaces and serves them while no program of the sandbox runs. */
interface Running {
  readonly holder: ChildProcess;
  readonly relay: Relay;
  readonly networkId: string;
  /** What starts a program in the network, as root there; more flags may follow. */
  readonly entering: readonly string[];
}

class NamespaceContainer implements Container {
  private starting: Promise<Running> | undefined;
  private running: Running | undefined;

  constructor(
    private readonly sandboxId: string,
    private readonly folder: string,
    private readonly settings: ContainerSettings,
  ) {}

  async root(): Promise<string> {
    await this.started();
    return this.seenFromOutside("");
  }

  async launch(asked: ProgramInSandbox): Promise<Launch> {
    const { entering } = await this.started();
    await this.refuseMissing(asked);
    const asUser = ["unshare", "--user", `--map-user=${USER_ID}`, `--map-group=${USER_ID}`, "--"];
    const [program = "", ...args] = [
      ...entering,
      "--mount",
      `--wd=${this.seenFromOutside(asked.cwd)}`,
      "--",
      ...(asked.user === "root" ? [] : asUser),
      asked.program,
      ...asked.args,
    ];
    return { program, args, folder: this.folder, environment: this.environmentOf(asked) };
  }

  processes(started: ReadonlyMap<number, unknown>): ProcessRow[] {
    if (!this.running) return [];
    const { networkId, holder, relay } = this.running;
    const services = new Set([holder.pid, relay.pid]);
    const inside = processesInNetwork(networkId).filter((row) => !services.has(row.pid));
    return [...inside, ...onTheirWay(started, inside)];
  }

  /** No process can leave the network, so none needs to be held first. */
  killAll(started: ReadonlyMap<number, unknown>): Promise<void> {
    return killAll(() => this.processes(started));
  }

  async connect(port: number): Promise<Socket | undefined> {
    return this.running?.relay.connect(port);
  }

  disconnect(): void {
    this.running?.relay.disconnect();
  }

  async reboot(): Promise<void> {
    if (this.running) await renewBootId(this.folder);
  }

  async close(started: ReadonlyMap<number, unknown>): Promise<void> {
    // One that never came to be has nothing to end, and whoever waited for it has been told why.
    const running = await this.starting?.catch(() => undefined);
    this.starting = undefined;
    this.running = undefined;
    if (!running) return;
    running.relay.disconnect();
    await killAll(() => {
      const inside = processesInNetwork(running.networkId);
      return [...inside, ...onTheirWay(started, inside)];
    });
  }

  /** One start for all who wait; another try after one that failed. */
  private async started(): Promise<Running> {
    this.starting ??= this.start();
    try {
      this.running = await this.starting;
      return this.running;
    } catch (error) {
      this.starting = undefined;
      throw error;
    }
  }

  private async start(): Promise<Running> {
    const holder = await startHolder(this.folder, this.settings);
    try {
      const networkId = networkOf(holder.pid ?? 0);
      if (networkId === undefined || networkId === networkOf("self")) {
        throw new Error("The sandbox's network is not a network of its own");
      }
      const { outlet = worldOutlet } = this.settings;
      const entering = ["nsenter", `--target=${holder.pid}`, "--user", "--preserve-credentials", "--net"];
      const relay = await Relay.start([...entering, "--"], serviceEnvironment(this.settings), outlet);
      return { holder, relay, networkId, entering };
    } catch (error) {
      holder.kill("SIGKILL");
      throw error;
    }
  }

  /** What starts programs inside would complain only in the program's own output. */
  private async refuseMissing({ program, envs }: ProgramInSandbox): Promise<void> {
    const folders = (envs.PATH ?? sandboxSearchPath()).split(delimiter);
    const candidates = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
    const found = await Promise.any(
      candidates.map((path) => access(this.seenFromOutside(path), constants.X_OK)),
    ).then(
      () => true,
      () => false,
    );
    if (!found) throw new CommandRefused(`error starting process '${program}': no such program`);
  }

  /** A path of the sandbox with all that is mounted there. */
  private seenFromOutside(path: string): string {
    return `/proc/${this.running?.holder.pid}/root${path}`;
  }

  private environmentOf({ user, envs }: ProgramInSandbox): Record<string, string> {
    const folders = {
      home: user === "root" ? "/root" : HOME,
      temporary: "/tmp",
      npmCache: this.npmCacheFolder(),
    };
    const own = sandboxEnvironment(folders, user);
    return { ...own, ...envs, [MARK_NAME]: this.sandboxId, [INSTANCE_NAME]: this.settings.instanceId };
  }

  private npmCacheFolder(): string {
    return this.settings.npmCacheFolder ?? npmCacheFolder();
  }
}

/** Children of this process that have not entered the network yet: a moment later they would be inside. */
function onTheirWay(started: ReadonlyMap<number, unknown>, inside: readonly ProcessRow[]): ProcessRow[] {
  const entered = new Set(inside.map((row) => row.pid));
  return [...started.keys()]
    .filter((pid) => !entered.has(pid))
    .flatMap((pid) => readProcess(pid) ?? [])
    .filter((row) => row.parentPid === process.pid && !row.isDead);
}
