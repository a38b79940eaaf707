/** How contents and what belongs to them travel: compression, forms, metadata; by rows of e2b.md §1.3 and §3.4. */
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";

test("§3.4 compressed uploads and downloads carry the same bytes", async () => {
  const { create } = await e2bUnderTest();
  const { files } = await create();
  const text = "again and again ".repeat(100_000);
  await files.write("a.txt", text, { gzip: true });
  await files.write([{ path: "b.txt", data: text }], { gzip: true });
  for (const gzip of [true, false]) {
    expect(await files.read("a.txt", { gzip })).toBe(text);
    expect(await files.read("b.txt", { gzip })).toBe(text);
  }
  await files.write("empty", "", { gzip: true });
  expect(await files.read("empty", { gzip: true })).toBe("");
});

test("§3.4 metadata stays with a file through a rename, until it is written anew", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const { files } = sandbox;
  const metadata = { author: "somebody", purpose: "upload" };
  expect((await files.write("a.txt", "x", { metadata })).metadata).toEqual(metadata);
  expect((await files.write("b.txt", "x", { metadata, useOctetStream: true })).metadata).toEqual(metadata);
  expect((await files.rename("a.txt", "c.txt")).metadata).toEqual(metadata);
  expect((await files.list("")).map(({ name, metadata }) => [name, metadata])).toEqual([
    [".profile", undefined],
    ["b.txt", metadata],
    ["c.txt", metadata],
  ]);
  await sandbox.commands.run("ln -s c.txt link");
  expect((await files.getInfo("link")).metadata).toEqual(metadata);
  expect((await files.write("c.txt", "y", { metadata: { author: "another" } })).metadata).toEqual({
    author: "another",
  });
  expect((await files.write("b.txt", "y")).metadata).toBeUndefined();
  expect((await files.getInfo("b.txt")).metadata).toBeUndefined();
});

test("§3.4 metadata that could not be kept is refused, and its file is not written", async () => {
  const { create } = await e2bUnderTest();
  const { files } = await create();
  await expect(files.write("a", "x", { metadata: { ["k".repeat(247)]: "v" } })).rejects.toThrow(
    "exceeds 246",
  );
  await expect(files.write("a", "x", { metadata: { k: "v".repeat(4096) } })).rejects.toThrow("exceeds 4096");
  expect(await files.exists("a")).toBe(false);
});
