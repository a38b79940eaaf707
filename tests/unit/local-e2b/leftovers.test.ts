/** What an earlier stand-in left in the folder and nobody can remove. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { takeFolder } from "@/lib/local/e2b/containers/leftovers";
import { silentLog } from "@/lib/log";

vi.mock("@/lib/local/e2b/machine/remove-folder", () => ({
  removeFolder: async () => {
    throw new Error("not permitted");
  },
}));

async function rootWithRubbish(): Promise<string> {
  const rootFolder = await mkdtemp(join(tmpdir(), "rekindle-leftovers-"));
  onTestFinished(() => rm(rootFolder, { recursive: true, force: true }));
  await mkdir(join(rootFolder, "sandboxes", "iold"), { recursive: true });
  return rootFolder;
}

test("leftovers that cannot be removed are put aside and told of, and refuse no start", async () => {
  const rootFolder = await rootWithRubbish();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_fields: unknown, message: string) => warnings.push(message) };
  const { sandboxesFolder } = await takeFolder(rootFolder, "first-instance-id", log);
  expect(await readdir(sandboxesFolder)).toEqual([]);
  expect(existsSync(join(rootFolder, "leftovers-first-instance-id", "iold"))).toBe(true);
  expect(warnings).toEqual(["Files of an earlier local E2B stand-in could not be removed"]);
});

test("a release that cannot remove everything says so, and the folder can be taken again", async () => {
  const rootFolder = await rootWithRubbish();
  const { release } = await takeFolder(rootFolder, "first-instance-id", silentLog);
  await expect(release()).rejects.toThrow("not permitted");
  await expect(takeFolder(rootFolder, "second-instance-id", silentLog)).resolves.toBeDefined();
});
