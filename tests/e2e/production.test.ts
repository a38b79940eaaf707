/**
 * Production mode, as a deployment does it: the build needs no secret, and until access control lands a start refuses
 * with that sentence. It builds in a folder of its own, so that a running dev server and its build are not disturbed.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccessControlMissingError } from "@/lib/errors";
import { cleanEnvironment } from "./launched-app";

/** A build takes a minute where two cores are shared. */
const TEST_MS = 400_000;

let folder: string;
beforeAll(async () => {
  await mkdir(".local", { recursive: true });
  folder = await mkdtemp(resolve(".local", "e2e-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(
  "the app is built without any secret, and its start refuses with one sentence",
  async () => {
    const build = await runNext("build");
    expect(build.code, build.output).toBe(0);

    // Any port: it never listens.
    const start = await runNext("start", "--port", "0", "--hostname", "127.0.0.1");
    expect(start.errors.trim()).toBe(new AccessControlMissingError().message);
    expect(start.code).toBe(1);
  },
  TEST_MS,
);

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function runNext(...parameters: readonly string[]): Promise<Ended> {
  const bin = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [bin, ...parameters], {
    env: { ...cleanEnvironment("production"), NEXT_DIST_DIR: relative(process.cwd(), folder) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  const errors: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.push(text);
    errors.push(text);
  });
  return new Promise((resolveEnd, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolveEnd({ code, output: output.join(""), errors: errors.join("") }));
  });
}
