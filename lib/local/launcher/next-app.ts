/**
 * Owns the Next.js dev server as a child of the launcher: started with the launch's variables, ended with everything
 * that it started. It must never outlive the launcher's own stop. Fails closed: a child that cannot start or dies ends
 * the launch with its code.
 */
import { createRequire } from "node:module";
import { type ProcessGroup, startGroup } from "./process-group";

export interface NextApp extends ProcessGroup {
  readonly url: string;
}

export function startNext(port: number, variables: Readonly<Record<string, string>>): NextApp {
  const bin = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const parameters = [bin, "dev", "--port", String(port), "--hostname", "127.0.0.1"];
  const group = startGroup(process.execPath, parameters, {
    env: { ...process.env, ...variables, NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { ...group, url: `http://localhost:${port}` };
}

/** What a newcomer's first click needs; Next's dev server compiles each at its first request, for seconds. */
const firstPaths = [
  "/",
  "/p/counter",
  // Its first events come with the first click.
  "/api/webhooks/e2b",
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
