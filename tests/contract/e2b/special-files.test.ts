/** FIFOs and sockets in a sandbox: they hold nothing up, neither a call for them nor a snapshot. */
import { closeSync, constants, openSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError, Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { PATIENT, standIn, startInBackground } from "./stand-in";

/** As many as this process has threads for files, and one more. */
const MANY = [1, 2, 3, 4, 5];

test("§3.4 a FIFO is neither written nor read as a file, and holds nothing up", async () => {
  const { sdk, rootFolder } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.commands.run("mkfifo wait && ln -s wait link");
  // Without the refusal the threads would wait for ever, and this process could not even end.
  const fifo = join(rootFolder, "sandboxes", sandbox.sandboxId, "home/user/wait");
  onTestFinished(() => closeSync(openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)));
  for (const path of ["wait", "link"]) {
    for (const _ of MANY) {
      await expect(sandbox.files.write(path, "x")).rejects.toBeInstanceOf(InvalidArgumentError);
      await expect(sandbox.files.read(path)).rejects.toBeInstanceOf(InvalidArgumentError);
    }
  }
  await sandbox.files.write("a.txt", "still here");
  expect(await sandbox.files.read("a.txt")).toBe("still here");
});

test("§3.4 nor is a socket", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await startInBackground(sandbox, `node -e 'require("net").createServer().listen("talk.sock")'`);
  await expect.poll(() => sandbox.files.exists("talk.sock"), PATIENT).toBe(true);
  await expect(sandbox.files.write("talk.sock", "x")).rejects.toBeInstanceOf(InvalidArgumentError);
  await expect(sandbox.files.read("talk.sock")).rejects.toBeInstanceOf(InvalidArgumentError);
});

test("§5.2 a sandbox with a FIFO and a socket can be snapshotted; they stay behind, all else comes along", async () => {
  const { sdk, rootFolder } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("app/page.txt", "page");
  await sandbox.commands.run("mkfifo app/wait && ln -s page.txt app/link");
  await startInBackground(sandbox, `node -e 'require("net").createServer().listen("app/talk.sock")'`);
  await expect.poll(() => sandbox.files.exists("app/talk.sock"), PATIENT).toBe(true);
  const { snapshotId } = await sandbox.createSnapshot();
  const copy = await Sandbox.create(snapshotId, sdk);
  expect((await copy.files.list("app")).map(({ name }) => name).sort()).toEqual(["link", "page.txt"]);
  expect(await copy.files.read("app/link")).toBe("page");
  const kept = join(rootFolder, "sandboxes", sandbox.sandboxId, "home/user/app/wait");
  expect((await lstat(kept)).isFIFO()).toBe(true);
});
