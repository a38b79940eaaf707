/**
 * Owns the question which real backends this machine has, for tests that can use them and must say when they cannot.
 * It never installs anything. `REQUIRE_BACKENDS=redis,chromium,namespaces` (as CI sets it) turns "not found" into a failure, so
 * that a green run cannot hide that half of it did not happen.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseContainers } from "@/lib/local/e2b/containers/choose-containers";
import type { Containers } from "@/lib/local/e2b/containers/container";
import { findExecutable } from "@/lib/local/upstash/find-executable";
import { silentLog } from "@/lib/log";

export interface Backends {
  readonly redisServer?: string;
  readonly chromium?: string;
}

const chromiumNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] as const;

/** What was found, printed as one line per test file. @throws when REQUIRE_BACKENDS names one that is missing. */
export async function findBackends(): Promise<Backends> {
  const redisServer = await findExecutable("redis-server");
  const chromium = await findFirst(chromiumNames);
  const programs = { redis: redisServer, chromium };
  const missing = readRequired().filter((name) => name !== "namespaces" && programs[name] === undefined);
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

/**
 * The ways in which this machine can keep local sandboxes apart, printed as one line per test file. @throws when
 * REQUIRE_BACKENDS names namespaces and they do not work here.
 */
export async function findIsolations(): Promise<readonly Containers["kind"][]> {
  const refusal = await refusalOfNamespaces();
  process.stdout.write(`isolation · mapped-ports · namespaces: ${refusal ?? "work here"}\n`);
  if (refusal === undefined) return ["namespaces", "mapped-ports"];
  if (readRequired().includes("namespaces")) throw new Error(`REQUIRE_BACKENDS wants namespaces: ${refusal}`);
  return ["mapped-ports"];
}

async function refusalOfNamespaces(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-namespaces-"));
  try {
    await chooseContainers("namespaces", { instanceId: "a-test-looks-what-works", log: silentLog }, folder);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findFirst(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = await findExecutable(name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function readRequired(): ("redis" | "chromium" | "namespaces")[] {
  const names = (process.env.REQUIRE_BACKENDS ?? "").split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "")
    .map((name) => {
      if (name === "redis" || name === "chromium" || name === "namespaces") return name;
      throw new Error(`REQUIRE_BACKENDS knows "redis", "chromium" and "namespaces", not "${name}".`);
    });
}
