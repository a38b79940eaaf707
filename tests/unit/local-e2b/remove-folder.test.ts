/** Removing what a sandbox left behind, as a user who is not above the modes of files. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeFolder } from "@/lib/local/e2b/machine/remove-folder";

const NOBODY = 65_534;

/** Root may do everything, and would prove nothing. */
function asNormalUser(): void {
  if (process.getuid?.() !== 0) return;
  process.seteuid?.(NOBODY);
  onTestFinished(() => {
    process.seteuid?.(0);
  });
}

function folderOfNormalUser(): string {
  const base = mkdtempSync(join(tmpdir(), "rekindle-remove-"));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  if (process.getuid?.() === 0) chownSync(base, NOBODY, NOBODY);
  asNormalUser();
  return base;
}

test("folders that may be neither written nor read are removed with what is in them", async () => {
  const folder = join(folderOfNormalUser(), "gone");
  for (const [name, mode] of [
    ["read-only", 0o555],
    ["closed", 0o000],
    ["deep/er", 0o555],
  ] as const) {
    mkdirSync(join(folder, name, "below"), { recursive: true });
    writeFileSync(join(folder, name, "below", "file"), "x", { mode: 0o400 });
    chmodSync(join(folder, name, "below"), 0o555);
    chmodSync(join(folder, name), mode);
  }
  chmodSync(join(folder, "deep"), 0o555);
  await removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
});

test("what a link leads to keeps its mode and its contents", async () => {
  const base = folderOfNormalUser();
  const [folder, elsewhere] = [join(base, "gone"), join(base, "elsewhere")];
  mkdirSync(join(folder, "read-only"), { recursive: true });
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "file"), "kept");
  symlinkSync(elsewhere, join(folder, "read-only", "link"));
  chmodSync(elsewhere, 0o555);
  chmodSync(join(folder, "read-only"), 0o555);
  await removeFolder(folder);
  expect([existsSync(folder), existsSync(join(elsewhere, "file"))]).toEqual([false, true]);
  expect((await stat(elsewhere)).mode & 0o777).toBe(0o555);
  chmodSync(elsewhere, 0o755);
});

test("a folder that is not there is removed already", async () => {
  await expect(removeFolder(join(folderOfNormalUser(), "never"))).resolves.toBeUndefined();
});

test("what a refused removal removed beside is no failure (ENOENT of a folder that had gone meanwhile)", async () => {
  const folder = join(folderOfNormalUser(), "gone");
  for (let n = 0; n < 60; n += 1) {
    mkdirSync(join(folder, `writable-${n}`, "deep", "deeper"), { recursive: true });
    writeFileSync(join(folder, `writable-${n}`, "deep", "deeper", "file"), "x");
  }
  mkdirSync(join(folder, "closed"));
  writeFileSync(join(folder, "closed", "file"), "x");
  chmodSync(join(folder, "closed"), 0o555);
  await removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
});
