/** The real SDK's files and folders, by rows of e2b.md §1.3, §3.4 and §3.5. */
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileNotFoundError, Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { standIn } from "./stand-in";

test("no path leads out of the sandbox, neither by .. nor by a link", async () => {
  const { sdk, rootFolder } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("../../../../../up.txt", "x");
  expect(await sandbox.files.exists("/up.txt")).toBe(true);
  const outside = await mkdtemp(join(tmpdir(), "rekindle-outside-"));
  onTestFinished(() => rm(outside, { recursive: true, force: true }));
  await writeFile(join(outside, "secret"), "secret");
  await symlink("/", join(rootFolder, "sandboxes", sandbox.sandboxId, "home/user/out"));
  await expect(sandbox.files.read(`out${outside}/secret`)).rejects.toBeInstanceOf(FileNotFoundError);
  await sandbox.files.write(`out${outside}/secret`, "of the sandbox");
  await sandbox.files.write([{ path: `out${outside}/new`, data: "y" }]);
  expect(await sandbox.files.read(`${outside}/secret`)).toBe("of the sandbox");
  await sandbox.files.remove(`out${outside}`);
  expect(await readdir(outside)).toEqual(["secret"]);
  expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
});
