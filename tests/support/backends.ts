/**
 * Owns the question which real backends this machine has, for tests that can use them and must say when they cannot.
 * It never installs anything. `REQUIRE_BACKENDS=redis,chromium` (as CI sets it) turns "not found" into a failure, so
 * that a green run cannot hide that half of it did not happen.
 */
import { findExecutable } from "@/lib/local/upstash/find-executable";

export interface Backends {
  readonly redisServer?: string;
  readonly chromium?: string;
}

const chromiumNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] as const;

/** What was found, printed as one line per test file. @throws when REQUIRE_BACKENDS names one that is missing. */
export async function findBackends(): Promise<Backends> {
  const redisServer = await findExecutable("redis-server");
  const chromium = await findFirst(chromiumNames);
  const missing = readRequired().filter((name) => (name === "redis" ? redisServer : chromium) === undefined);
  if (missing.length > 0) {
    throw new Error(
      `REQUIRE_BACKENDS wants ${missing.join(", ")}, which this machine does not have on PATH.`,
    );
  }
  process.stdout.write(
    `backends · redis: ${redisServer ?? "in-process only"} · chromium: ${chromium ?? "not found, browser tests left out"}\n`,
  );
  return {
    ...(redisServer === undefined ? {} : { redisServer }),
    ...(chromium === undefined ? {} : { chromium }),
  };
}

async function findFirst(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = await findExecutable(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function readRequired(): ("redis" | "chromium")[] {
  const names = (process.env.REQUIRE_BACKENDS ?? "").split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "")
    .map((name) => {
      if (name === "redis" || name === "chromium") return name;
      throw new Error(`REQUIRE_BACKENDS knows "redis" and "chromium", not "${name}".`);
    });
}
