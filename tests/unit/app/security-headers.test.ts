/** The headers of our own pages. */
import { expect, test } from "vitest";
import { securityHeaders } from "@/app/security-headers";

const headerValue = (key: string, template?: string) =>
  securityHeaders(template).find((header) => header.key === key)?.value;

test.each([
  [undefined, "https://*.e2b.app"],
  ["https://{port}-{sandboxId}.e2b.app", "https://*.e2b.app"],
  ["http://{port}-{sandboxId}.e2b.localhost:4567", "http://*.e2b.localhost:4567"],
  ["https://{port}.{sandboxId}.previews.example/path", "https://*.previews.example"],
  ["https://previews.example/{sandboxId}/{port}", "https://previews.example"],
  ["https://{sandboxId}", "https://*.e2b.app"],
  ["nonsense; script-src *", "https://*.e2b.app"],
])("with the template %s only %s may be framed", (template, source) => {
  expect(headerValue("Content-Security-Policy", template)?.split("; ")[0]).toBe(`frame-src ${source}`);
});

test("nobody may frame us", () => {
  expect(headerValue("Content-Security-Policy")).toContain("frame-ancestors 'none'");
});

test("our own posts keep their origin, and no other site learns our addresses", () => {
  expect(headerValue("Referrer-Policy")).toBe("same-origin");
});
