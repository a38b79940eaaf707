/**
 * Owns one `redis-server` process: its configuration, start and end. It listens on 127.0.0.1 with users that only this
 * start knows, keeps nothing on disk but its log and configuration in the given folder, and ends when this process
 * ends, however that happens. Fails closed: a server that does not come up is an error, and is gone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cancel, Clock } from "@/lib/clock";
import { allowedCommands } from "../allowed-commands";

export interface RedisProcess {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

export interface RedisProcessOptions {
  readonly executable: string;
  readonly folder: string;
  readonly port: number;
  readonly users: RedisUsers;
  readonly clock: Clock;
}

export interface RedisUsers {
  /** May run the allowed commands and nothing else, so the list holds inside scripts too. */
  readonly front: { readonly name: "front"; readonly password: string };
  /** Empties the database and asks for the version. */
  readonly keeper: { readonly name: "keeper"; readonly password: string };
}

export const redisLogName = "redis.log";

/**
 * The shell holds the reading end of a pipe from this process: when the pipe closes, because of `stop` or because this
 * process died in any way, the server is told to end. A server that ended by itself ends the shell.
 */
const supervisor = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(cat <&3 >/dev/null; kill "$child" 2>/dev/null) &
watcher=$!
wait "$child"
status=$?
kill "$watcher" 2>/dev/null
exit $status
`;

const killAfterMs = 5_000;

export async function startRedisProcess(options: RedisProcessOptions): Promise<RedisProcess> {
  await mkdir(options.folder, { recursive: true });
  const configuration = join(options.folder, "redis.conf");
  await writeFile(configuration, describeConfiguration(options), { mode: 0o600 });
  const shell = spawn("/bin/sh", ["-c", supervisor, "sh", options.executable, configuration], {
    cwd: options.folder,
    // A group of its own: Ctrl-C in the terminal must reach the launcher first, which stops things in order.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exited = new Promise<void>((resolve) => {
    shell.once("exit", () => resolve());
    shell.once("error", () => resolve());
  });
  // Writing never happens; a pipe that breaks because the server ended first is expected.
  shell.stdin?.on("error", () => undefined);
  exited.then(() => shell.stdin?.destroy());
  return { exited, stop: () => stopProcess(shell, exited, options.clock) };
}

async function stopProcess(shell: ChildProcess, exited: Promise<void>, clock: Clock): Promise<void> {
  const cancelKill: Cancel = clock.after(killAfterMs, () => killGroup(shell));
  shell.stdin?.end();
  await exited;
  cancelKill();
}

function killGroup(shell: ChildProcess): void {
  if (shell.pid === undefined) return;
  try {
    process.kill(-shell.pid, "SIGKILL");
  } catch {
    // ESRCH: the group ended between the timer and the signal, which is what was wanted.
  }
}

function describeConfiguration({ folder, port, users }: RedisProcessOptions): string {
  const allowed = [...allowedCommands.keys()].flatMap((name) => aclRules[name] ?? [`+${name.toLowerCase()}`]);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    "protected-mode yes",
    "daemonize no",
    "databases 1",
    `dir ${JSON.stringify(folder)}`,
    `logfile ${redisLogName}`,
    'save ""',
    "appendonly no",
    "user default off",
    `user ${users.front.name} on #${sha256(users.front.password)} ~* &* -@all ${allowed.join(" ")} +multi +exec +discard`,
    `user ${users.keeper.name} on #${sha256(users.keeper.password)} ~* &* +@all`,
    "",
  ].join("\n");
}

/** The front itself answers EXISTS and FLUSH; the other subcommands of SCRIPT steer the debugger and kill scripts. */
const aclRules: Readonly<Record<string, readonly string[]>> = { SCRIPT: ["+script|load"] };
