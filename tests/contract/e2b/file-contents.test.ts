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

test("§3.4 compressed uploads and downloads carry the same bytes", async () => {
  const { sdk } = await standIn();
  const { files } = await Sandbox.create(sdk);
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

test("§3.4 metadata stays with a file through a rename, until it is written anew", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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
  const { sdk } = await standIn();
  const { files } = await Sandbox.create(sdk);
  await expect(files.write("a", "x", { metadata: { ["k".repeat(247)]: "v" } })).rejects.toThrow(
    "exceeds 246",
  );
  await expect(files.write("a", "x", { metadata: { k: "v".repeat(4096) } })).rejects.toThrow("exceeds 4096");
  expect(await files.exists("a")).toBe(false);
});
