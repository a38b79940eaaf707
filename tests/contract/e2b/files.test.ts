/** The real SDK's files and folders, by rows of e2b.md §1.3, §3.4 and §3.5. */
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { FileNotFoundError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { standIn } from "./stand-in";

test("§3.4 a relative path lies in the home, and a missing file is a FileNotFoundError", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  expect(await sandbox.files.write("hello.txt", "hi there")).toMatchObject({
    name: "hello.txt",
    type: "file",
    path: "/home/user/hello.txt",
  });
  expect(await sandbox.files.read("/home/user/hello.txt")).toBe("hi there");
  await expect(sandbox.files.read("nope.txt")).rejects.toBeInstanceOf(FileNotFoundError);
});

test("§3.4 several files are written in one request, their folders made", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const files = Array.from({ length: 40 }, (_, at) => ({
    path: `/app/deep/${at % 5}/f${at}.txt`,
    data: `n${at}`,
  }));
  const written = await sandbox.files.write(files);
  expect(written.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
  const { stdout } = await sandbox.commands.run("cat deep/3/f38.txt; find . -type f | wc -l", {
    cwd: "/app",
  });
  expect(stdout.replaceAll(/\s+/g, " ").trim()).toBe("n3840");
});

test("§3.4 bytes survive multipart and octet-stream, as do empty and large files", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31) % 256);
  await sandbox.files.write("parts.bin", bytes.buffer);
  await sandbox.files.write("plain.bin", bytes.buffer, { useOctetStream: true });
  await sandbox.files.write("empty", "");
  for (const path of ["parts.bin", "plain.bin"]) {
    const read = await sandbox.files.read(path, { format: "bytes" });
    expect(Buffer.compare(read, bytes)).toBe(0);
  }
  expect(await sandbox.files.read("empty")).toBe("");
});

test("§3.5 folders: make, make again, list, rename, exists, remove", async () => {
  const { sdk } = await standIn();
  const { files } = await Sandbox.create(sdk);
  expect(await files.makeDir("/app/d")).toBe(true);
  expect(await files.makeDir("/app/d")).toBe(false);
  await files.write("/app/a.txt", "a");
  expect((await files.list("/app")).map(({ path, type }) => [path, type])).toEqual([
    ["/app/a.txt", "file"],
    ["/app/d", "dir"],
  ]);
  expect((await files.rename("/app/a.txt", "/app/d/b.txt")).path).toBe("/app/d/b.txt");
  expect((await files.list("/app", { depth: 2 })).map(({ path }) => path)).toEqual([
    "/app/d",
    "/app/d/b.txt",
  ]);
  expect(await files.getInfo("/app/d/b.txt")).toMatchObject({
    size: 1,
    mode: 0o644,
    permissions: "-rw-r--r--",
  });
  await files.remove("/app/d");
  expect(await files.exists("/app/d/b.txt")).toBe(false);
  await expect(files.list("/app/none")).rejects.toBeInstanceOf(FileNotFoundError);
});

test("no path leads out of the sandbox, neither by .. nor by a link", async () => {
  const { sdk, rootFolder } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("../../../../../up.txt", "x");
  expect(await sandbox.files.exists("/up.txt")).toBe(true);
  await symlink("/", join(rootFolder, "sandboxes", sandbox.sandboxId, "home/user/out"));
  await expect(sandbox.files.read("out/etc/passwd")).rejects.toThrow("leads out of the sandbox");
  await expect(sandbox.files.write("out/tmp/escaped", "x")).rejects.toThrow("leads out of the sandbox");
  await expect(
    sandbox.files.write([
      { path: "ok.txt", data: "x" },
      { path: "out/tmp/x", data: "y" },
    ]),
  ).rejects.toThrow("leads out of the sandbox");
  await expect(sandbox.files.remove("out/etc")).rejects.toThrow("leads out of the sandbox");
});

test("what files do not offer says so: watching, signed addresses, compression", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await expect(sandbox.files.watchDir(".", () => undefined)).rejects.toThrow("does not offer");
  await expect(sandbox.files.write("x", "y", { gzip: true })).rejects.toThrow("does not offer");
  const signed = await fetch(await sandbox.uploadUrl("x"), { method: "POST", body: "x" });
  expect(signed.status).not.toBe(200);
});
