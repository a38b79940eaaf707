/** An address and its sandbox, both ways, by the templates that deployments use. */
import { expect, test } from "vitest";
import { sandboxIdSchema } from "@/lib/ids";
import { previewAddress } from "@/lib/preview-address";

const sandboxId = sandboxIdSchema.parse("iaaaaaaaaaaaaaaaaaaaa");

test.each([
  "https://{port}-{sandboxId}.e2b.app",
  "http://{port}-{sandboxId}.e2b.localhost:41023",
  "https://previews.example/{sandboxId}/{port}/",
  "https://{sandboxId}.previews.example",
])(
  "the sandbox of an address by %s is found again, with a path, a query, another scheme or none",
  (template) => {
    const { of, sandboxIn } = previewAddress(template);
    const address = of(sandboxId, 5173);
    const bare = address.replace(/\/$/, "");

    for (const each of [address, bare, `${bare}/a/b?c=d`, `${bare}#top`, bare.replace(/^https?:\/\//, "")]) {
      expect(sandboxIn(each), each).toBe(sandboxId);
    }
    expect(sandboxIn(address.replace(/^https?/, "http"))).toBe(sandboxId);
    expect(sandboxIn(address.replace(/^https?/, "https"))).toBe(sandboxId);
  },
);

test.each([
  "",
  sandboxId,
  `https://5173-${sandboxId}.e2b.app.evil.example`,
  `https://5173-${sandboxId}xe2b.app`,
  `https://evil.example/?5173-${sandboxId}.e2b.app`,
  `https://evil.example/https://5173-${sandboxId}.e2b.app`,
  `ftp://5173-${sandboxId}.e2b.app`,
  `https://web-${sandboxId}.e2b.app`,
])("%j is no address of a sandbox", (address) => {
  expect(previewAddress("https://{port}-{sandboxId}.e2b.app").sandboxIn(address)).toBeUndefined();
});
