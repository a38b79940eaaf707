/** A sandbox's paths lie below its folder, and nowhere else. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeSandboxFolders, sandboxEntry, sandboxPath } from "@/lib/local/e2b/sandbox-paths";

async function sandboxFolder(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), "rekindle-paths-"));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const root = join(base, "sandbox");
  await mkdir(root);
  await makeSandboxFolders(root);
  await writeFile(join(base, "secret"), "x");
  return root;
}

test.each([
  ["hello.txt", "/home/user/hello.txt"],
  ["~/a/b", "/home/user/a/b"],
  ["", "/home/user"],
  ["/app//x/", "/app/x"],
  ["/", "/"],
  ["../../../../etc/passwd", "/etc/passwd"],
  ["/../../secret", "/secret"],
])("§3.4 %j is %s, below the sandbox's folder", async (asked, inside) => {
  const root = await sandboxFolder();
  expect(sandboxPath(root, asked)).toEqual({ inside, outside: join(root, inside) });
});

test("a link that leads out is refused, as target, as parent and when it leads nowhere yet", async () => {
  const root = await sandboxFolder();
  await symlink("../../../secret", join(root, "home/user/file"));
  await symlink("/", join(root, "home/user/root"));
  await symlink("/nowhere-yet", join(root, "home/user/dangling"));
  for (const path of ["file", "root/etc/passwd", "root/new/folder/file", "dangling"]) {
    expect(() => sandboxPath(root, path)).toThrow("leads out of the sandbox");
  }
});

test("a link inside the sandbox is followed", async () => {
  const root = await sandboxFolder();
  await symlink("../../tmp", join(root, "home/user/temporary"));
  expect(sandboxPath(root, "temporary/x").inside).toBe("/home/user/temporary/x");
});

test("a link that leads out can itself be removed or renamed, but nothing behind it", async () => {
  const root = await sandboxFolder();
  await symlink("/", join(root, "home/user/root"));
  expect(sandboxEntry(root, "root").inside).toBe("/home/user/root");
  expect(() => sandboxEntry(root, "root/etc")).toThrow("leads out of the sandbox");
});
