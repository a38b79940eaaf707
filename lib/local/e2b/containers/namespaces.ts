/**
 * Owns sandboxes in Linux namespaces: each has a file system, a network and processes of its own, made without
 * privileges by `unshare` and entered by `nsenter`, so that any program listens on the port it wants, `/home/user` is
 * the sandbox's, and nothing in it sees a process of this machine. It must never show a sandbox the developer's home as a whole.
 * Fails closed: a container that cannot be made rejects its first launch with the system's own complaint; one whose
 * namespaces have ended is made anew by the next, without processes, like a machine that crashed.
 */
import { closeSync, constants, openSync } from "node:fs";
import { access, rm } from "node:fs/promises";
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
  type Holder,
  ownFolder,
  renewBootId,
  serviceEnvironment,
  startHolder,
  USER_ID,
} from "@/lib/local/e2b/containers/namespace-holder";
import { killNamespace, type NamespaceProcesses } from "@/lib/local/e2b/containers/namespace-processes";
import { worldOutlet } from "@/lib/local/e2b/containers/outlet";
import { continueAll, send, stopAll } from "@/lib/local/e2b/containers/process-signals";
import {
  childrenOf,
  descendantsOf,
  networkOf,
  ownPidOf,
  type ProcessRow,
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
import type { ProcessIdentity } from "@/lib/local/e2b/machine/started-process";

export function namespaceContainers(settings: ContainerSettings): Containers {
  return {
    kind: "namespaces",
    open: (sandboxId, root) => new NamespaceContainer(sandboxId, root, settings),
  };
}

/** The namespaces, and what serves them while no program of the sandbox runs. */
interface Running extends NamespaceProcesses {
  readonly holder: Holder;
  readonly relay: Relay;
  readonly networkId: string;
}

/** How long it takes at most from the start of `nsenter` to the program: polls in real milliseconds. */
const ENTERING_POLLS_MS = [0, 0, 1, 1, 1, 2, 2, 5, 5, 10, 20, 50, 100, 200, 400];

/** Longer than any request to envd that had already found its path. */
const ROOT_STAYS_OPEN_MS = 120_000;
const ENDING_POLLS_MS = [0, 1, 1, 2, 2, 5, 5, 10, 20, 50, 100, 200, 400, 800, 1600, 3200];

class NamespaceContainer implements Container {
  private starting: Promise<Running> | undefined;
  private running: Running | undefined;
  /** What stands outside for each program that was started inside. */
  private readonly enterers = new Set<number>();

  constructor(
    private readonly sandboxId: string,
    private readonly folder: string,
    private readonly settings: ContainerSettings,
  ) {}

  async root(): Promise<string> {
    return (await this.started()).root;
  }

  async launch(asked: ProgramInSandbox): Promise<Launch> {
    const { entering, root } = await this.started();
    await refuseMissing(asked, root);
    const asUser = ["unshare", "--user", `--map-user=${USER_ID}`, `--map-group=${USER_ID}`, "--"];
    const [program = "", ...args] = [
      ...entering,
      `--wd=${root}${asked.cwd}`,
      "--",
      ...(asked.user === "root" ? [] : asUser),
      asked.program,
      ...asked.args,
    ];
    const environment = this.environmentOf(asked);
    return { program, args, folder: "/", environment, identify: (enterer) => this.identify(enterer) };
  }

  mountPoints(): readonly string[] {
    return this.running?.holder.mountPoints ?? [];
  }

  /** Whoever loses its parent inside is taken in by the first process, so nothing is outside of these trees. */
  processes(): ProcessRow[] {
    if (!this.running) return [];
    return descendantsOf([this.running.holder.firstPid, ...this.enterers]);
  }

  async stop(): Promise<void> {
    await stopAll(() => this.processes());
  }

  async continue(): Promise<void> {
    await continueAll(() => this.processes());
    this.continueEnterers();
  }

  async killAll(): Promise<void> {
    if (!this.running) return;
    const killed = killNamespace(this.running);
    this.continueEnterers();
    await killed;
  }

  killAtOnce(): void {
    this.running?.holder.child.kill("SIGKILL");
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

  async close(): Promise<void> {
    // One that never came to be has nothing to end, and whoever waited for it has been told why.
    const running = await this.starting?.catch(() => undefined);
    running?.relay.stop();
    // What is mounted of the folder stays where it is mounted.
    await Promise.all([
      running && this.end(running),
      rm(ownFolder(this.folder), { recursive: true, force: true }),
    ]);
    this.starting = undefined;
    this.running = undefined;
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
      const networkId = networkOf(holder.firstPid);
      if (networkId === undefined || networkId === networkOf("self")) {
        throw new Error("The sandbox's network is not a network of its own");
      }
      const environment = serviceEnvironment(this.settings);
      const { outlet = worldOutlet } = this.settings;
      const target = ["nsenter", `--target=${holder.firstPid}`, "--user", "--preserve-credentials", "--net"];
      // The relay stays outside of the sandbox's processes and files: nothing in there can see or touch it.
      const relay = await Relay.start([...target, "--"], environment, outlet);
      holder.child.once("exit", () => this.forgetEnded(holder));
      return {
        holder,
        relay,
        networkId,
        environment,
        entering: [...target, "--mount", "--pid"],
        root: openRoot(holder),
      };
    } catch (error) {
      holder.child.kill("SIGKILL");
      throw error;
    }
  }

  private async identify(enterer: number): Promise<ProcessIdentity | undefined> {
    this.enterers.add(enterer);
    return identifyInside(enterer);
  }

  /** `nsenter` stops itself when its program stands still, and would neither wake with it nor see it end. */
  private continueEnterers(): void {
    for (const pid of this.enterers) {
      const row = readProcess(pid);
      if (row?.parentPid === process.pid && !row.isDead) send(pid, "SIGCONT");
      else this.enterers.delete(pid);
    }
  }

  /** Resolves when the first process is gone, which waits for all the others. */
  private async end({ holder: { child, firstPid }, networkId }: Running): Promise<void> {
    for (const pollMs of ENDING_POLLS_MS) {
      if (readProcess(firstPid)?.isDead ?? true) return;
      // While it waits for the others it has no network any more; with another one its number is another's.
      if (![undefined, networkId].includes(networkOf(firstPid))) return;
      child.kill("SIGKILL");
      process.kill(firstPid, "SIGKILL");
      this.continueEnterers();
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    throw new Error("The processes of a sandbox could not be killed");
  }

  private forgetEnded(holder: Holder): void {
    if (this.running?.holder !== holder) return;
    this.running.relay.stop();
    this.running = undefined;
    this.starting = undefined;
  }

  private environmentOf({ user, envs }: ProgramInSandbox): Record<string, string> {
    const { instanceId, npmCacheFolder: npmCache = npmCacheFolder() } = this.settings;
    const home = user === "root" ? "/root" : HOME;
    const own = sandboxEnvironment({ home, temporary: "/tmp", npmCache }, user);
    return { ...own, ...envs, [MARK_NAME]: this.sandboxId, [INSTANCE_NAME]: instanceId };
  }
}

/**
 * By an open folder of this process, not by the pid of the first process: once that has ended, another process's root
 * could stand behind its number, this machine's own among them. It is closed long after, when nobody can still use it.
 */
function openRoot({ child, firstPid }: Holder): string {
  const folder = openSync(`/proc/${firstPid}/root`, constants.O_RDONLY | constants.O_DIRECTORY);
  child.once("exit", () => {
    setTimeout(() => closeSync(folder), ROOT_STAYS_OPEN_MS).unref();
  });
  return `/proc/${process.pid}/fd/${folder}`;
}

/** `nsenter` stays outside as the parent of the program: which process that is, here and inside. */
async function identifyInside(entererPid: number): Promise<ProcessIdentity | undefined> {
  for (const pollMs of ENTERING_POLLS_MS) {
    const [hostPid] = childrenOf(entererPid);
    const pid = hostPid === undefined ? undefined : ownPidOf(hostPid);
    if (hostPid !== undefined && pid !== undefined) return { hostPid, pid };
    if (readProcess(entererPid)?.isDead ?? true) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return undefined;
}

/** What starts programs inside would complain only in the program's own output. */
async function refuseMissing({ program, envs }: ProgramInSandbox, root: string): Promise<void> {
  const folders = (envs.PATH ?? sandboxSearchPath()).split(delimiter);
  const candidates = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
  const found = await Promise.any(candidates.map((path) => access(`${root}${path}`, constants.X_OK))).then(
    () => true,
    () => false,
  );
  if (!found) throw new CommandRefused(`error starting process '${program}': no such program`);
}
