/** The real SDK's files and folders, by rows of e2b.md §1.3, §3.4 and §3.5. */
import { FileNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";

test("§3.4 a relative path lies in the home, and a missing file is a FileNotFoundError", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  expect(await sandbox.files.write("hello.txt", "hi there")).toMatchObject({
    name: "hello.txt",
    type: "file",
    path: "/home/user/hello.txt",
  });
  expect(await sandbox.files.read("/home/user/hello.txt")).toBe("hi there");
  await expect(sandbox.files.read("nope.txt")).rejects.toBeInstanceOf(FileNotFoundError);
});

test("§3.4 several files are written in one request, their folders made", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const sandbox = await create();
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
  const { create } = await e2bUnderTest();
  const { files } = await create();
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

test("§3.5 a link is described by itself and by what it leads to, in the sandbox's own paths", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.write("app/a.txt", "hello");
  await sandbox.commands.run(
    "ln -s app/a.txt link && ln -s nowhere dangling && ln -s /home/user/app absolute",
  );
  expect(await sandbox.files.getInfo("link")).toMatchObject({
    type: "file",
    path: "/home/user/link",
    mode: 0o644,
    permissions: "Lrwxrwxrwx",
    symlinkTarget: "/home/user/app/a.txt",
  });
  expect(await sandbox.files.getInfo("dangling")).toMatchObject({ symlinkTarget: "/home/user/dangling" });
  expect((await sandbox.files.list("absolute")).map(({ path }) => path)).toEqual([
    "/home/user/absolute/a.txt",
  ]);
  await sandbox.files.remove("link");
  expect(await sandbox.files.read("app/a.txt")).toBe("hello");
});

test("§3.4 another user's relative paths lie in /root, and nobody else exists", async () => {
  const { create } = await e2bUnderTest();
  const { files } = await create();
  const root = { user: "root" } as const;
  expect((await files.write("a.txt", "x", root)).path).toBe("/root/a.txt");
  expect(await files.read("~/a.txt", root)).toBe("x");
  await files.makeDir("d", root);
  expect((await files.list("", root)).map(({ path }) => path)).toEqual(
    expect.arrayContaining(["/root/.profile", "/root/a.txt", "/root/d"]),
  );
  expect((await files.rename("a.txt", "d/b.txt", root)).path).toBe("/root/d/b.txt");
  expect(await files.exists("d/b.txt", root)).toBe(true);
  await files.remove("d", root);
  expect(await files.exists("/root/d")).toBe(false);
  const nobody = { user: "nobody" } as const;
  await expect(files.read("x", nobody)).rejects.toThrow("unknown user nobody");
  await expect(files.list("", nobody)).rejects.toThrow("invalid username: 'nobody'");
});

test("§3.4 a folder is neither read nor written as a file", async () => {
  const { create } = await e2bUnderTest();
  const { files } = await create();
  await files.makeDir("d");
  await expect(files.read("d")).rejects.toThrow("path '/home/user/d' is a directory");
  await expect(files.write("d", "x")).rejects.toThrow("path is a directory: /home/user/d");
  await expect(files.makeDir("d/../.profile")).rejects.toThrow("is not a directory");
});

test("§3.4 one request does not write a path twice", async () => {
  const { create } = await e2bUnderTest();
  const { files } = await create();
  const twice = [
    { path: "a.txt", data: "first" },
    { path: "/home/user/a.txt", data: "second" },
  ];
  await expect(files.write(twice)).rejects.toThrow("multiple files to the same path '/home/user/a.txt'");
  expect(await files.read("a.txt")).toBe("first");
});
