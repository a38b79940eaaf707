/** Which program of this machine is taken for Inngest's CLI. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findInngestCli } from "@/lib/local/launcher/inngest-cli";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rekindle-cli-"));
  vi.stubEnv("PATH", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function install(name: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, "#!/bin/sh\n");
  await chmod(path, mode);
  return path;
}

test("nothing on PATH is nothing", async () => {
  expect(await findInngestCli(undefined)).toEqual({ kind: "none" });
  expect(await findInngestCli("")).toEqual({ kind: "none" });
});

test("inngest-cli is found before inngest, and a file that cannot be run is not", async () => {
  const second = await install("inngest");
  await install("inngest-cli", 0o644);
  expect(await findInngestCli(undefined)).toEqual({ kind: "found", executable: second, by: "PATH" });

  await chmod(join(folder, "inngest-cli"), 0o755);
  expect(await findInngestCli(undefined)).toMatchObject({ executable: join(folder, "inngest-cli") });
});

test("INNGEST_CLI wins over PATH, as a path or as a name", async () => {
  await install("inngest-cli");
  const mine = await install("my-inngest");

  expect(await findInngestCli(mine)).toEqual({ kind: "found", executable: mine, by: "INNGEST_CLI" });
  expect(await findInngestCli("my-inngest")).toMatchObject({ executable: mine });
});

test("INNGEST_CLI=none takes nothing although there is one", async () => {
  await install("inngest-cli");

  expect(await findInngestCli("none")).toEqual({ kind: "unwanted" });
});

test("an INNGEST_CLI that cannot be run is said to be so, not passed over", async () => {
  await install("inngest-cli");

  expect(await findInngestCli("/nowhere/at/all")).toEqual({ kind: "broken", named: "/nowhere/at/all" });
});
