/** The real SDK's terminals against real ones, by rows of e2b.md §1.3 and §3.5. */
import { type CommandHandle, NotFoundError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd } from "./envd-client";
import { PATIENT, processesIn, standIn } from "./stand-in";

interface Terminal {
  readonly handle: CommandHandle;
  /** Everything it showed so far. */
  shown(): string;
}

async function openTerminal(
  sandbox: Sandbox,
  options: { cols?: number; rows?: number; envs?: Record<string, string>; cwd?: string } = {},
): Promise<Terminal> {
  let shown = "";
  const handle = await sandbox.pty.create({
    cols: 80,
    rows: 24,
    timeoutMs: 0,
    ...options,
    onData: (bytes) => {
      shown += Buffer.from(bytes).toString("utf8");
    },
  });
  return { handle, shown: () => shown };
}

function type(sandbox: Sandbox, { handle }: Terminal, text: string): Promise<void> {
  return sandbox.pty.sendInput(handle.pid, Buffer.from(text));
}

test("§3.5 a terminal is a login shell with its own variables, and ends with its exit code", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, envs: { KEPT: "kept" } });
  await sandbox.files.makeDir("/home/user/app");
  const terminal = await openTerminal(sandbox, { envs: { OWN: "own" }, cwd: "/home/user/app" });
  await type(sandbox, terminal, 'tty >/dev/null && echo "<$KEPT-$OWN-$TERM-$(basename "$PWD")>"; exit 5\n');
  await expect(terminal.handle.wait()).rejects.toMatchObject({ exitCode: 5 });
  expect(terminal.shown()).toContain("<kept-own-xterm-256color-app>");
});

test("§3.5 a terminal has the size that it was made with, until it is resized", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const terminal = await openTerminal(sandbox, { cols: 90, rows: 33 });
  await type(sandbox, terminal, "stty size\n");
  await expect.poll(terminal.shown, PATIENT).toContain("33 90");
  await sandbox.pty.resize(terminal.handle.pid, { cols: 120, rows: 40 });
  await type(sandbox, terminal, "stty size\n");
  await expect.poll(terminal.shown, PATIENT).toContain("40 120");
  await sandbox.pty.kill(terminal.handle.pid);
});

test("§3.5 bytes that are no text pass in both directions", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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

test("§3.5 a killed terminal leaves nothing, and an unknown one is not found", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const { handle } = await openTerminal(sandbox);
  const outcome = expect(handle.wait()).rejects.toThrow("signal: killed");
  expect(await sandbox.pty.kill(handle.pid)).toBe(true);
  await outcome;
  expect(await sandbox.pty.kill(handle.pid)).toBe(false);
  await expect(sandbox.pty.resize(handle.pid, { cols: 1, rows: 1 })).rejects.toBeInstanceOf(NotFoundError);
  await expect.poll(() => processesIn(sandbox.sandboxId), PATIENT).toEqual([]);
});

test("§1.3 trap 1: a terminal dies after 60 s too, unless it was asked otherwise", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.pty.create({ cols: 80, rows: 24, onData: () => undefined });
  await handle.disconnect();
  await clock.advance(59_999);
  expect(await sandbox.commands.list()).toMatchObject([
    { pid: handle.pid, cmd: "/bin/bash", args: ["-i", "-l"] },
  ]);
  await clock.advance(1);
  expect(await sandbox.commands.list()).toEqual([]);
});

test("§2.4 a terminal stands still with its sandbox and goes on after it", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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

test("§3.5 what a terminal cannot do is refused: input by stdin, the end of input; and a command has no size", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { handle } = await openTerminal(sandbox);
  await expect(sandbox.commands.sendStdin(handle.pid, "x")).rejects.toThrow("should be written to the pty");
  await expect(sandbox.commands.closeStdin(handle.pid)).rejects.toThrow("send Ctrl+D (0x04) instead");
  const command = await sandbox.commands.run("exec sleep 1000", { background: true });
  await expect(sandbox.pty.resize(command.pid, { cols: 1, rows: 1 })).rejects.toThrow("tty not assigned");
  await expect(sandbox.pty.sendInput(command.pid, Buffer.from("x"))).rejects.toThrow("written to the stdin");
  const update = { process: { pid: handle.pid } };
  expect(await callEnvd(stand, sandbox.sandboxId, "process.Process/Update", update)).toMatchObject({
    status: 200,
    body: {},
  });
});
