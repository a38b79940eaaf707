/** A machine without the binary for file attributes. */
import { expect, test, vi } from "vitest";
import { metadataOf, replaceMetadata } from "@/lib/local/e2b/envd/file-metadata";

vi.mock("@napi-rs/xattr", () => {
  throw new Error("no binary");
});

test("where there is no binary for attributes, a file with metadata is refused, and others are not", async () => {
  await expect(replaceMetadata("/", { of: "a" })).rejects.toMatchObject({ status: 501 });
  await replaceMetadata("/", {});
  expect(await metadataOf("/")).toBeUndefined();
});
