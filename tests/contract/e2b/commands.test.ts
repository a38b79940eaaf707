/** The real SDK's commands against real processes, by rows of e2b.md §1.3, §1.4 and §3.5. */
import { CommandExitError, NotFoundError, Sandbox, TimeoutError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { PATIENT, processesIn, standIn, startInBackground } from "./stand-in";

test("§3.5 a command gives its output, both streams apart, and its variables", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create({ ...sdk, envs: { FROM: "create", KEPT: "yes" } });
  const result = await sandbox.commands.run('echo "$FROM $KEPT"; echo err >&2', { envs: { FROM: "run" } });
  expect(result).toMatchObject({ exitCode: 0, stdout: "run yes\n", stderr: "err\n" });
});

test("§3.5 a command that fails is a CommandExitError with its code", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const failing = sandbox.commands.run("exit 3");
  await expect(failing).rejects.toBeInstanceOf(CommandExitError);
  await expect(failing).rejects.toMatchObject({ exitCode: 3 });
});

test("§3.4 the home is the default folder, and cwd is the sandbox's own path", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("/home/user/app/here.txt", "x");
  expect((await sandbox.commands.run("cat app/here.txt && ls ~/app")).stdout).toBe("xhere.txt\n");
  const { stdout } = await sandbox.commands.run("pwd && ls", { cwd: "/home/user/app" });
  expect(stdout).toMatch(/\/home\/user\/app\nhere\.txt\n$/);
  await expect(sandbox.commands.run("true", { cwd: "/home/user/none" })).rejects.toThrow("does not exist");
});

test("a command does not see the environment of the stand-in's process", async () => {
  process.env.A_SECRET_OF_THE_HOST = "leaked";
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const { stdout } = await sandbox.commands.run("env");
  delete process.env.A_SECRET_OF_THE_HOST;
  expect(stdout).not.toContain("leaked");
  expect(stdout).toMatch(/^HOME=.*\/home\/user$/m);
});

test("§1.3 trap 1: a background command dies after 60 s, also when its handle is let go", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  await handle.disconnect();
  await clock.advance(59_999);
  expect(await sandbox.commands.list()).toHaveLength(1);
  await clock.advance(1);
  expect(await sandbox.commands.list()).toEqual([]);
  await expect.poll(() => processesIn(sandbox.sandboxId), PATIENT).toEqual([]);
});

test("§1.4 who still listens at the end of a command's lifetime gets a TimeoutError", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  const waiting = handle.wait();
  const outcome = expect(waiting).rejects.toBeInstanceOf(TimeoutError);
  await clock.advance(60_000);
  await outcome;
});

test("§1.3 trap 1: with timeoutMs 0 a background command lives on", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create({ ...sdk, timeoutMs: 3_600_000 });
  const pid = await startInBackground(sandbox, "exec sleep 1000");
  await clock.advance(3_000_000);
  expect((await sandbox.commands.list()).map((command) => command.pid)).toEqual([pid]);
});

test("a command's lifetime stands still while its sandbox is paused", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  await handle.disconnect();
  await clock.advance(40_000);
  await sandbox.pause();
  await clock.advance(3_600_000);
  await Sandbox.connect(sandbox.sandboxId, sdk);
  await clock.advance(19_999);
  expect(await sandbox.commands.list()).toHaveLength(1);
  await clock.advance(1);
  expect(await sandbox.commands.list()).toEqual([]);
});

test("§2.4 a pause ends open streams, and the command goes on after the resume", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true, timeoutMs: 0 });
  const outcome = expect(handle.wait()).rejects.toThrow("unavailable");
  await sandbox.pause();
  await outcome;
  await Sandbox.connect(sandbox.sandboxId, sdk);
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toEqual([handle.pid]);
});

test("§3.5 connect follows a running command, and an unknown pid is not found", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const pid = await startInBackground(sandbox, "until [ -f go ]; do sleep 0.02; done; echo went; exit 4");
  const handle = await sandbox.commands.connect(pid);
  await sandbox.files.write("go", "");
  await expect(handle.wait()).rejects.toMatchObject({ exitCode: 4, stdout: "went\n" });
  await expect(sandbox.commands.connect(999_999)).rejects.toBeInstanceOf(NotFoundError);
});

test("§3.5 kill ends a command; a pid that is not the sandbox's own is not touched", async () => {
  const { sdk } = await standIn();
  const [sandbox, other] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  const outcome = expect(handle.wait()).rejects.toThrow("signal: killed");
  expect(await other.commands.kill(handle.pid)).toBe(false);
  expect(await sandbox.commands.kill(process.pid)).toBe(false);
  expect(await sandbox.commands.kill(handle.pid)).toBe(true);
  await outcome;
});

test("§3.5 input reaches a command that takes it, and its end too", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("cat; echo over", { background: true, stdin: true });
  await sandbox.commands.sendStdin(handle.pid, "hello ");
  await sandbox.commands.closeStdin(handle.pid);
  expect((await handle.wait()).stdout).toBe("hello over\n");
});

test("terminals are not offered, and say so", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await expect(sandbox.pty.create({ cols: 80, rows: 24, onData: () => undefined })).rejects.toThrow(
    "not offered",
  );
});
