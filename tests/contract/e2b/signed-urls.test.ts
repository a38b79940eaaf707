/** Addresses that carry their own permission, by the row "Signed URLs" of e2b.md §3.4. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { standIn } from "./stand-in";

test("§3.4 a signed address reads and writes without any header, also for a while and for root", async () => {
  const { sdk } = await standIn();
  const [sandbox] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk), Sandbox.create(sdk)]);
  for (const options of [{}, { useSignatureExpiration: 60 }, { user: "root" as const }]) {
    const form = new FormData();
    form.append("file", "signed");
    const url = await sandbox.uploadUrl("d/a.txt", options);
    const written = await fetch(url, { method: "POST", body: form });
    const home = "user" in options ? "/root" : "/home/user";
    expect(await written.json()).toEqual([{ name: "a.txt", type: "file", path: `${home}/d/a.txt` }]);
    const read = await fetch(await sandbox.downloadUrl("d/a.txt", options));
    expect([read.status, await read.text()]).toEqual([200, "signed"]);
  }
});

test("§3.4 an upload address without a path takes the paths of its files", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const form = new FormData();
  form.append("file", new Blob(["one"]), "one.txt");
  form.append("file", new Blob(["two"]), "/app/two.txt");
  await fetch(await sandbox.uploadUrl(), { method: "POST", body: form });
  expect(await sandbox.files.read("one.txt")).toBe("one");
  expect(await sandbox.files.read("/app/two.txt")).toBe("two");
});

test("§3.4 an address that has expired is refused in envd's words", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("a.txt", "x");
  const url = await sandbox.downloadUrl("a.txt", { useSignatureExpiration: -1 });
  const answer = await fetch(url);
  expect([answer.status, await answer.json()]).toEqual([
    401,
    { code: 401, message: "signature is already expired" },
  ]);
});

test("§3.4 a signature holds for its path, its user, its end and its direction only", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("a.txt", "x");
  await sandbox.files.write("b.txt", "x");
  const good = await sandbox.downloadUrl("a.txt", { useSignatureExpiration: 60 });
  expect((await fetch(good)).status).toBe(200);
  const changed = (name: string, value: string) => {
    const url = new URL(good);
    url.searchParams.set(name, value);
    return url;
  };
  const far = "99999999999";
  for (const url of [
    changed("path", "b.txt"),
    changed("username", "root"),
    changed("signature_expiration", far),
    changed("signature", "v1_wrong"),
  ]) {
    const answer = await fetch(url);
    expect([answer.status, await answer.json()]).toEqual([401, { code: 401, message: "invalid signature" }]);
  }
  expect((await fetch(good, { method: "POST", body: new FormData() })).status).toBe(401);
});

test("§3.4 a signed address of a sandbox that rests answers as its proxy does, and of a killed one nobody signed it", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("a.txt", "x");
  const url = await sandbox.downloadUrl("a.txt");
  await sandbox.pause();
  const answer = await fetch(url);
  expect([answer.status, await answer.json()]).toMatchObject([502, { sandboxId: sandbox.sandboxId }]);
  await sandbox.kill();
  expect((await fetch(url)).status).toBe(401);
});

test("a page cannot use a signed address by a request of its own", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const form = new FormData();
  form.append("file", "x");
  const answer = await fetch(await sandbox.uploadUrl("a.txt"), {
    method: "POST",
    body: form,
    headers: { origin: "https://evil.example" },
  });
  expect(answer.status).toBe(403);
  expect(await sandbox.files.exists("a.txt")).toBe(false);
});
