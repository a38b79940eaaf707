/** How contents and what belongs to them travel: compression, forms, metadata; by rows of e2b.md §1.3 and §3.4. */
import { gzipSync } from "node:zlib";
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { headersOf } from "./envd-client";
import { type StandIn, standIn } from "./stand-in";

async function ask(
  { local }: StandIn,
  headers: Record<string, string>,
  query: string,
  init: RequestInit = {},
): Promise<Response> {
  const given = new Headers(init.headers);
  return fetch(`${local.sandboxUrl}/files${query}`, {
    ...init,
    headers: { ...Object.fromEntries(given), ...headers },
  });
}

test("§3.4 contents are compressed for who asks, and have their length for who does not", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  await sandbox.files.write("a.txt", "hello");
  const headers = await headersOf(stand, sandbox.sandboxId);
  const plain = await ask(stand, headers, "?path=a.txt", { headers: { "accept-encoding": "identity" } });
  expect(plain.headers.get("content-length")).toBe("5");
  expect(plain.headers.get("content-disposition")).toContain("a.txt");
  const packed = await ask(stand, headers, "?path=a.txt", {
    headers: { "accept-encoding": "br, gzip;q=0.5" },
  });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(await packed.text()).toBe("hello");
  const refused = await ask(stand, headers, "?path=a.txt", {
    headers: { "accept-encoding": "br, identity;q=0" },
  });
  expect(refused.status).toBe(406);
});

test("§3.4 a body that is not what its coding says is refused, as is a coding that nobody knows", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const headers = {
    ...(await headersOf(stand, sandbox.sandboxId)),
    "content-type": "application/octet-stream",
  };
  const send = (coding: string, body: Buffer) =>
    ask(stand, { ...headers, "content-encoding": coding }, "?path=x", {
      method: "POST",
      body: Uint8Array.from(body),
    });
  expect((await send("br", Buffer.from("x"))).status).toBe(400);
  expect((await send("gzip", Buffer.from("not gzip"))).status).toBe(400);
  expect((await send("gzip", gzipSync("right"))).status).toBe(200);
  expect(await sandbox.files.read("x")).toBe("right");
});

test("§3.4 a form's file without a name takes its path from the query, and without both is refused", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const headers = await headersOf(stand, sandbox.sandboxId);
  const form = () => {
    const data = new FormData();
    data.append("file", "text");
    data.append("other", "ignored");
    return data;
  };
  const named = await ask(stand, headers, "?path=d/a.txt", { method: "POST", body: form() });
  expect(await named.json()).toEqual([{ name: "a.txt", type: "file", path: "/home/user/d/a.txt" }]);
  expect((await ask(stand, headers, "", { method: "POST", body: form() })).status).toBe(400);
  const text = await ask(stand, headers, "?path=x", { method: "POST", body: "text" });
  expect(text.status).toBe(400);
  expect(await text.json()).toMatchObject({ code: 400, message: expect.stringContaining("unsupported") });
});
