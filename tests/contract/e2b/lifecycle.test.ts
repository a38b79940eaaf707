/** The real SDK's lifecycle calls against the stand-in, by rows of e2b.md §1.3, §2.2-2.5 and §3.6. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { askPreview, COUNTING_SERVER, standIn, startInBackground } from "./stand-in";

test("§2.4 a paused sandbox stands still and comes back with the same process and memory", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 60_000 });
  await sandbox.files.write("server.cjs", COUNTING_SERVER);
  await startInBackground(sandbox, "node server.cjs");
  const ask = async () => JSON.parse((await askPreview(local, sandbox.getHost(3000))).body);
  await expect.poll(async () => (await ask()).counted, { timeout: 10_000 }).toBeGreaterThan(0);

  const before = await ask();
  expect(await sandbox.pause()).toBe(true);
  const paused = await askPreview(local, sandbox.getHost(3000));
  expect(paused.status).toBe(502);
  expect(JSON.parse(paused.body)).toEqual({
    sandboxId: sandbox.sandboxId,
    message: "The sandbox was not found",
    code: 502,
  });

  const again = await Sandbox.connect(sandbox.sandboxId, { ...sdk, timeoutMs: 60_000 });
  const after = JSON.parse((await askPreview(local, again.getHost(3000))).body);
  expect(after.pid).toBe(before.pid);
  expect(after.nonce).toBe(before.nonce);
});
