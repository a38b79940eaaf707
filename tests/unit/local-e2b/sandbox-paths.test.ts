/** A sandbox's paths lie below its folder, and nowhere else. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeSandboxFolders, sandboxEntry, sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";

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
  ["~", "/home/user"],
  ["", "/home/user"],
  ["/app//x/", "/app/x"],
  ["/", "/"],
  ["../../../../etc/passwd", "/etc/passwd"],
  ["/../../secret", "/secret"],
])("§3.4 %j is %s, below the sandbox's folder", async (asked, inside) => {
  const root = await sandboxFolder();
  expect(sandboxPath(root, asked)).toEqual({ inside, outside: join(root, inside) });
});

test("§3.4 another user's relative paths count from that user's home", async () => {
  const root = await sandboxFolder();
  expect(sandboxPath(root, "a", "/root").inside).toBe("/root/a");
  expect(sandboxPath(root, "~/a", "/root").inside).toBe("/root/a");
  expect(() => sandboxPath(root, "~other/a")).toThrow("user-specific home");
});

test.each([
  ["a relative link that climbs out", "../../../secret", "link", "/secret"],
  ["a link to this machine's root", "/", "link/etc/passwd", "/etc/passwd"],
  ["a link to something below it", "/", "link/new/folder/file", "/new/folder/file"],
  ["a link that leads nowhere yet", "/nowhere-yet", "link", "/nowhere-yet"],
  ["a link of the sandbox's own", "../../tmp", "link/x", "/tmp/x"],
  ["a link by an absolute path of the sandbox", "/home/user/app", "link/x", "/home/user/app/x"],
])("%s stays below the sandbox's folder", async (_, target, asked, reached) => {
  const root = await sandboxFolder();
  await symlink(target, join(root, "home/user/link"));
  expect(sandboxPath(root, asked)).toEqual({ inside: `/home/user/${asked}`, outside: join(root, reached) });
});

test("a link by a path of this machine is the sandbox's path that it means", async () => {
  const root = await sandboxFolder();
  await symlink(join(root, "tmp/target"), join(root, "home/user/link"));
  expect(sandboxPath(root, "link").outside).toBe(join(root, "tmp/target"));
});

test("links that lead to each other are refused", async () => {
  const root = await sandboxFolder();
  await symlink("b", join(root, "home/user/a"));
  await symlink("a", join(root, "home/user/b"));
  expect(() => sandboxPath(root, "a")).toThrow("too many links");
});

test("an entry that is a link is the link itself, and what lies behind it is the sandbox's own", async () => {
  const root = await sandboxFolder();
  await symlink("/", join(root, "home/user/out"));
  expect(sandboxEntry(root, "out").outside).toBe(join(root, "home/user/out"));
  expect(sandboxEntry(root, "out/etc").outside).toBe(join(root, "etc"));
  expect(sandboxEntry(root, "/").outside).toBe(join(root, "/"));
});
