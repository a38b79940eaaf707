/** The real SDK's terminals against real ones, by rows of e2b.md §1.3 and §3.5. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";
import { PATIENT } from "../stand-in";
import { openTerminal, type } from "../terminal-screen";

test("§3.5 a terminal is a login shell with its own variables, and ends with its exit code", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create({ envs: { KEPT: "kept" } });
  await sandbox.files.makeDir("/home/user/app");
  const terminal = await openTerminal(sandbox, { envs: { OWN: "own" }, cwd: "/home/user/app" });
  await type(sandbox, terminal, 'tty >/dev/null && echo "<$KEPT-$OWN-$TERM-$(basename "$PWD")>"; exit 5\n');
  await expect(terminal.handle.wait()).rejects.toMatchObject({ exitCode: 5 });
  expect(terminal.shown()).toContain("<kept-own-xterm-256color-app>");
});

test("§3.5 a terminal has the size that it was made with, until it is resized", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const terminal = await openTerminal(sandbox, { cols: 90, rows: 33 });
  await type(sandbox, terminal, "stty size\n");
  await expect.poll(terminal.shown, PATIENT).toContain("33 90");
  await sandbox.pty.resize(terminal.handle.pid, { cols: 120, rows: 40 });
  await type(sandbox, terminal, "stty size\n");
  await expect.poll(terminal.shown, PATIENT).toContain("40 120");
  await sandbox.pty.kill(terminal.handle.pid);
});

test("§3.5 bytes that are no text pass in both directions", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const terminal = await openTerminal(sandbox);
  await type(
    sandbox,
    terminal,
    "stty raw -echo; echo re''ady; head -c 3 | od -An -tx1; printf 'caf\\303\\251'\n",
  );
  await expect.poll(terminal.shown, PATIENT).toContain("ready\n");
  await sandbox.pty.sendInput(terminal.handle.pid, Buffer.from([0xff, 0xc3, 0xa9]));
  await expect.poll(terminal.shown, PATIENT).toMatch(/ff c3 a9[\s\S]*café/);
  await sandbox.pty.kill(terminal.handle.pid);
});

test("§3.5 a terminal that was let go can be followed again", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const first = await openTerminal(sandbox);
  await type(sandbox, first, "A=remembered\n");
  await first.handle.disconnect();
  let shown = "";
  const again = await sandbox.pty.connect(first.handle.pid, {
    onData: (bytes) => {
      shown += Buffer.from(bytes).toString("utf8");
    },
  });
  await type(sandbox, first, 'echo "<$A>"; exit\n');
  expect(await again.wait()).toMatchObject({ exitCode: 0 });
  expect(shown).toContain("<remembered>");
});

test("§2.4 a terminal stands still with its sandbox and goes on after it", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  const terminal = await openTerminal(sandbox);
  const outcome = expect(terminal.handle.wait()).rejects.toThrow("unavailable");
  await type(sandbox, terminal, "A=remembered; echo re''ady\n");
  await expect.poll(terminal.shown, PATIENT).toContain("ready");
  await sandbox.pause();
  await outcome;
  await Sandbox.connect(sandbox.sandboxId, sdk);
  let shown = "";
  const again = await sandbox.pty.connect(terminal.handle.pid, {
    onData: (bytes) => {
      shown += Buffer.from(bytes).toString("utf8");
    },
  });
  await type(sandbox, terminal, 'echo "<$A>"; exit\n');
  await again.wait();
  expect(shown).toContain("<remembered>");
});
