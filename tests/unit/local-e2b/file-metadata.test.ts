/** Metadata follows the copies of a folder, as snapshots make them. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { copyMetadataBelow, metadataOf, replaceMetadata } from "@/lib/local/e2b/envd/file-metadata";

test("§3.4 a copied folder's files keep their metadata, at any depth", async () => {
  const base = await mkdtemp(join(tmpdir(), "rekindle-metadata-"));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const [from, to] = [join(base, "from"), join(base, "to")];
  await mkdir(join(from, "deep"), { recursive: true });
  for (const name of ["a", "deep/b", "none"]) await writeFile(join(from, name), name);
  await replaceMetadata(join(from, "a"), { of: "a" });
  await replaceMetadata(join(from, "deep/b"), { of: "b" });
  await cp(from, to, { recursive: true });
  await copyMetadataBelow(from, to);
  expect(await metadataOf(join(to, "a"))).toEqual({ of: "a" });
  expect(await metadataOf(join(to, "deep/b"))).toEqual({ of: "b" });
  expect(await metadataOf(join(to, "none"))).toBeUndefined();
});
