/**
 * Owns the Next.js dev server as a child of the launcher: started with the launch's variables, ended with everything
 * that it started. It must never outlive the launcher's own stop. Fails closed: a child that cannot start or dies ends
 * the launch with its code.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";

export interface NextApp {
  readonly url: string;
  /** Resolves with the exit code when it ends by itself or by `stop`. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** What a dev server gets to end its own children before it is ended by force. */
const PATIENCE_MS = 4_000;

export function startNext(port: number, variables: Readonly<Record<string, string>>): NextApp {
  const bin = createRequire(import.meta.url).resolve("next/dist/bin/next");
  // A group of its own, so that a stop reaches the workers that Next starts.
  const child = spawn(process.execPath, [bin, "dev", "--port", String(port), "--hostname", "127.0.0.1"], {
    env: { ...process.env, ...variables, NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = new Promise<number>((resolve) => {
    // Without a code it was killed, by nobody of ours unless `stop` has been called, and then nobody asks.
    child.once("exit", (code) => resolve(code ?? 1));
    child.once("error", () => resolve(1));
  });
  return {
    url: `http://localhost:${port}`,
    ended,
    async stop() {
      signalGroup(child, "SIGTERM");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
      signalGroup(child, "SIGKILL");
    },
  };
}

/** What a newcomer's first click needs; Next's dev server compiles each at its first request, for seconds. */
const firstPaths = [
  "/",
  "/p/counter",
  ...["", "/open", "/beat", "/leave"].map((path) => `/api/previews/counter${path}`),
];

/** Has the pages and routes of the first click compiled; asks with OPTIONS and GET, which change nothing. */
export async function warmUp(url: string): Promise<void> {
  for (const path of firstPaths) {
    const isRoute = path.startsWith("/api/");
    // Accepted loss: what could not be compiled ahead is compiled, or shows its error, at the first click.
    await fetch(`${url}${path}`, { method: isRoute ? "OPTIONS" : "GET" }).catch(() => undefined);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // ESRCH: the group has ended already, which is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
