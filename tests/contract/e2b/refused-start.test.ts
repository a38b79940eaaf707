/** A start that is refused leaves nothing, so that the next one is not refused for it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { standIn } from "./stand-in";

test("a start whose isolation does not work here gives its folder back", async () => {
  const rootFolder = await mkdtemp(join(tmpdir(), "rekindle-refused-"));
  onTestFinished(() => rm(rootFolder, { recursive: true, force: true }));
  const path = process.env.PATH;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  // A machine without util-linux, or not Linux at all.
  process.env.PATH = join(rootFolder, "no-programs");
  await expect(standIn({ isolation: "namespaces", rootFolder })).rejects.toThrow();
  expect(await readdir(rootFolder)).toEqual([]);
  await expect(standIn({ isolation: "mapped-ports", rootFolder })).resolves.toBeDefined();
});
