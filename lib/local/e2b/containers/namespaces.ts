/**
 * Owns sandboxes in Linux namespaces: each has a file system and a network of its own, made without privileges by
 * `unshare` and entered by `nsenter`, so that any program listens on the port it wants and `/home/user` is the
 * sandbox's. Processes keep this machine's ids. It must never show a sandbox the developer's home. Fails closed: a
 * container that cannot be made rejects its first launch with the system's own complaint.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, symlink, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandRefused } from "@/lib/local/e2b/command";
import type {
  Container,
  ContainerSettings,
  Containers,
  Launch,
  ProgramInSandbox,
} from "@/lib/local/e2b/containers/container";
import { viewOfThisMachine } from "@/lib/local/e2b/containers/namespace-view";
import { worldOutlet } from "@/lib/local/e2b/containers/outlet";
import { Relay } from "@/lib/local/e2b/containers/relay";
import { killAll } from "@/lib/local/e2b/process-signals";
import { networkOf, type ProcessRow, processesInNetwork } from "@/lib/local/e2b/process-table";
import {
  INSTANCE_NAME,
  MARK_NAME,
  npmCacheFolder,
  npmConfigurationFile,
  sandboxEnvironment,
  sandboxSearchPath,
} from "@/lib/local/e2b/sandbox-environment";
import { HOME } from "@/lib/local/e2b/sandbox-paths";

const SETUP_FILE = fileURLToPath(new URL("./namespace-setup.sh", import.meta.url));
/** The id that E2B's templates give their user. */
const USER_ID = 1000;

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

  processes(): ProcessRow[] {
    if (!this.running) return [];
    const { networkId, holder, relay } = this.running;
    const own = new Set([holder.pid, relay.pid]);
    return processesInNetwork(networkId).filter((row) => !own.has(row.pid));
  }

  /** No process can leave the network, so none needs to be held first. */
  killAll(): Promise<void> {
    return killAll(() => this.processes());
  }

  async connect(port: number): Promise<Socket | undefined> {
    return this.running?.relay.connect(port);
  }

  disconnect(): void {
    this.running?.relay.disconnect();
  }

  async reboot(): Promise<void> {
    // In place: what is mounted is this very file.
    if (this.running) await writeFile(this.sourceOf(BOOT_ID), `${randomUUID()}\n`);
  }

  async close(): Promise<void> {
    // One that never came to be has nothing to end, and whoever waited for it has been told why.
    const running = await this.starting?.catch(() => undefined);
    this.starting = undefined;
    this.running = undefined;
    if (!running) return;
    running.relay.disconnect();
    await killAll(() => processesInNetwork(running.networkId));
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
    const holder = await this.startHolder();
    try {
      const networkId = networkOf(holder.pid ?? 0);
      if (networkId === undefined || networkId === networkOf("self")) {
        throw new Error("The sandbox's network is not a network of its own");
      }
      const { outlet = worldOutlet } = this.settings;
      const entering = ["nsenter", `--target=${holder.pid}`, "--user", "--preserve-credentials", "--net"];
      const relay = await Relay.start([...entering, "--"], this.serviceEnvironment(), outlet);
      return { holder, relay, networkId, entering };
    } catch (error) {
      await end(holder);
      throw error;
    }
  }

  private async startHolder(): Promise<ChildProcess> {
    const { mounts, links } = viewOfThisMachine({
      searchPath: sandboxSearchPath(),
      cacheFolder: this.npmCacheFolder(),
      files: [npmConfigurationFile(), process.env.NODE_EXTRA_CA_CERTS],
      ownFiles: await this.writeOwnFiles(),
    });
    await mkdir(this.npmCacheFolder(), { recursive: true });
    // A snapshot's files bring their links along.
    for (const { path, target } of links)
      await symlink(target, join(this.folder, path)).catch(ignoreExisting);
    const flags = ["--user", "--map-root-user", "--mount", "--net", "--propagation=private", "--"];
    const holder = spawn("unshare", [...flags, "/bin/sh", SETUP_FILE, this.folder, ...mounts.flat()], {
      env: Object.assign(Object.create(null), this.serviceEnvironment()),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    await whenReady(holder);
    return holder;
  }

  /** Who is who, where names are looked up, and since when it is up, in the sandbox. */
  private async writeOwnFiles(): Promise<Map<string, string>> {
    await mkdir(join(this.folder, ".rekindle"), { recursive: true });
    const files = { ...OWN_FILES, [BOOT_ID]: `${randomUUID()}\n` };
    for (const [path, text] of Object.entries(files)) await writeFile(this.sourceOf(path), text);
    return new Map(Object.keys(files).map((path) => [path, this.sourceOf(path)]));
  }

  private sourceOf(path: string): string {
    return join(this.folder, ".rekindle", path.replaceAll("/", "-"));
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

  /** Of what serves the container: found after a crash, and not taken for a process of the sandbox. */
  private serviceEnvironment(): Record<string, string> {
    return { PATH: process.env.PATH ?? "", [INSTANCE_NAME]: this.settings.instanceId };
  }

  private npmCacheFolder(): string {
    return this.settings.npmCacheFolder ?? npmCacheFolder();
  }
}

/** By this a program tells a cold boot from memory that came back; the machine's own never changes here. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

const OWN_FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": `root:x:0:0:root:/root:/bin/bash\nuser:x:${USER_ID}:${USER_ID}::${HOME}:/bin/bash\n`,
  "/etc/group": `root:x:0:\nuser:x:${USER_ID}:\n`,
  "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  // The relay; it is asked once more before a name counts as unknown.
  "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n",
};

function whenReady(holder: ChildProcess): Promise<void> {
  let complaint = "";
  holder.stderr?.on("data", (bytes: Buffer) => {
    complaint = `${complaint}${bytes}`.slice(-2_000);
  });
  return new Promise((resolve, reject) => {
    holder.once("error", reject);
    holder.once("exit", (code) => {
      reject(new Error(`No namespaces for a sandbox (${code}): ${complaint.trim()}`));
    });
    holder.stdout?.once("data", () => resolve());
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
}
