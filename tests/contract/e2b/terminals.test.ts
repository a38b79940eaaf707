/** The real SDK's terminals against real ones, by rows of e2b.md §1.3 and §3.5. */
import { NotFoundError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd } from "./envd-client";
import { PATIENT, processesIn, standIn } from "./stand-in";
import { openTerminal } from "./terminal-screen";

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
