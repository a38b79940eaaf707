/** What wakes a paused sandbox with autoResume through the real SDK and a browser's request, by rows of e2b.md §2.6. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { askPreview, PATIENT, standIn, startInBackground } from "./stand-in";

const lifecycle = { onTimeout: "pause", autoResume: true } as const;

test.each([
  ["a command", async (sandbox: Sandbox) => (await sandbox.commands.run("echo awake")).stdout, "awake\n"],
  ["a file", (sandbox: Sandbox) => sandbox.files.read("here.txt"), "here"],
  ["a health probe", (sandbox: Sandbox) => sandbox.isRunning(), true],
])("§2.6 %s wakes it", async (_name, call, answer) => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, lifecycle });
  await sandbox.files.write("here.txt", "here");
  await sandbox.pause();
  expect((await sandbox.getInfo()).state).toBe("paused");
  expect(await call(sandbox)).toBe(answer);
  expect((await sandbox.getInfo()).state).toBe("running");
});

test("§2.6 a preview request wakes it and is answered by the same process", async () => {
  const { local, sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, lifecycle });
  const server = `require("node:http").createServer((_, to) => to.end(String(process.pid))).listen(3000)`;
  await startInBackground(sandbox, `node -e '${server}'`);
  const ask = async () => (await askPreview(local, sandbox.getHost(3000))).body;
  await expect.poll(ask, PATIENT).toMatch(/^\d+$/);
  const before = await ask();
  await sandbox.pause();
  expect(await ask()).toBe(before);
  expect((await sandbox.getInfo()).state).toBe("running");
});

test("§2.6 control calls wake nothing, and without autoResume nothing does", async () => {
  const { local, sdk } = await standIn();
  const [waking, resting] = await Promise.all([
    Sandbox.create({ ...sdk, lifecycle }),
    Sandbox.create({ ...sdk, lifecycle: { onTimeout: "pause" } }),
  ]);
  for (const sandbox of [waking, resting]) await sandbox.pause();
  await Sandbox.list(sdk).nextItems();
  expect((await waking.getInfo()).state).toBe("paused");
  expect((await askPreview(local, resting.getHost(3000))).status).toBe(502);
  expect(await resting.isRunning()).toBe(false);
  expect((await resting.getInfo()).state).toBe("paused");
});
