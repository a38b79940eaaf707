/** The real SDK's commands against real processes, by rows of e2b.md §1.3, §1.4 and §3.5. */
import { CommandExitError, NotFoundError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { e2bUnderTest } from "../e2b-under-test";
import { PATIENT, startInBackground } from "../stand-in";

test("§3.5 a command gives its output, both streams apart, and its variables", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create({ envs: { FROM: "create", KEPT: "yes" } });
  const result = await sandbox.commands.run('echo "$FROM $KEPT"; echo err >&2', { envs: { FROM: "run" } });
  expect(result).toMatchObject({ exitCode: 0, stdout: "run yes\n", stderr: "err\n" });
});

test("§3.5 a command that fails is a CommandExitError with its code", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const failing = sandbox.commands.run("exit 3");
  await expect(failing).rejects.toBeInstanceOf(CommandExitError);
  await expect(failing).rejects.toMatchObject({ exitCode: 3 });
});

test("§3.4 the home is the default folder, and cwd is the sandbox's own path", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.write("/home/user/app/here.txt", "x");
  expect((await sandbox.commands.run("cat app/here.txt && ls ~/app")).stdout).toBe("xhere.txt\n");
  const { stdout } = await sandbox.commands.run("pwd && ls", { cwd: "/home/user/app" });
  expect(stdout).toMatch(/\/home\/user\/app\nhere\.txt\n$/);
  await expect(sandbox.commands.run("true", { cwd: "/home/user/none" })).rejects.toThrow("does not exist");
});

test("a command does not see the environment of the stand-in's process", async () => {
  process.env.A_SECRET_OF_THE_HOST = "leaked";
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const { stdout } = await sandbox.commands.run("env");
  delete process.env.A_SECRET_OF_THE_HOST;
  expect(stdout).not.toContain("leaked");
  expect(stdout).toMatch(/^HOME=.*\/home\/user$/m);
});

test("§2.4 a pause ends open streams, and the command goes on after the resume", async () => {
  const { sdk, create } = await e2bUnderTest();
  const sandbox = await create();
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true, timeoutMs: 0 });
  const outcome = expect(handle.wait()).rejects.toThrow("unavailable");
  await sandbox.pause();
  await outcome;
  await Sandbox.connect(sandbox.sandboxId, sdk);
  expect((await sandbox.commands.list()).map(({ pid }) => pid)).toEqual([handle.pid]);
});

test("§3.5 connect follows a running command, and an unknown pid is not found", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const pid = await startInBackground(sandbox, "until [ -f go ]; do sleep 0.02; done; echo went; exit 4");
  const handle = await sandbox.commands.connect(pid);
  await sandbox.files.write("go", "");
  await expect(handle.wait()).rejects.toMatchObject({ exitCode: 4, stdout: "went\n" });
  await expect(sandbox.commands.connect(999_999)).rejects.toBeInstanceOf(NotFoundError);
});

test("§3.5 kill ends a command; a pid that is not the sandbox's own is not touched", async () => {
  const { create } = await e2bUnderTest();
  const [sandbox, other] = await Promise.all([create(), create()]);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  const outcome = expect(handle.wait()).rejects.toThrow("signal: killed");
  expect(await other.commands.kill(handle.pid)).toBe(false);
  expect(await sandbox.commands.kill(process.pid)).toBe(false);
  expect(await sandbox.commands.kill(handle.pid)).toBe(true);
  await outcome;
});

test("§3.5 input reaches a command that takes it, and its end too", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const handle = await sandbox.commands.run("cat; echo over", { background: true, stdin: true });
  await sandbox.commands.sendStdin(handle.pid, "hello ");
  await sandbox.commands.closeStdin(handle.pid);
  expect((await handle.wait()).stdout).toBe("hello over\n");
});

test("§3.5 input to a command that takes none is refused, and closing it is harmless", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const { pid } = await sandbox.commands.run("exec sleep 1000", { background: true });
  await expect(sandbox.commands.sendStdin(pid, "x")).rejects.toThrow("stdin not enabled or closed");
  await sandbox.commands.closeStdin(pid);
  await sandbox.commands.closeStdin(pid);
});

test("§3.5 a killed command is over, although what it started still holds its output", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const handle = await sandbox.commands.run("sleep 1000 & echo started; wait", { background: true });
  await expect.poll(() => handle.stdout, PATIENT).toBe("started\n");
  const outcome = expect(handle.wait()).rejects.toThrow("signal: killed");
  await handle.kill();
  await outcome;
  expect(await sandbox.commands.list()).toEqual([]);
});

test("§1.4 a command whose sandbox is killed says that the sandbox is gone", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  const outcome = expect(handle.wait()).rejects.toThrow("killed or reached its end of life");
  await sandbox.kill();
  await outcome;
});

test("§3.5 a command runs as root when it is asked for, at home in /root; nobody else exists", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  await sandbox.files.write("here.txt", "x", { user: "root" });
  const { stdout } = await sandbox.commands.run('echo "$USER $LOGNAME"; ls; ls ~', { user: "root" });
  expect(stdout).toBe("root root\nhere.txt\nhere.txt\n");
  await expect(sandbox.commands.run("true", { user: "nobody" })).rejects.toThrow(
    "invalid username: 'nobody'",
  );
});

test("a reader who falls behind slows the command down instead of filling the stand-in", async () => {
  const { create } = await e2bUnderTest();
  const sandbox = await create();
  const read: { go: () => void } = { go: () => undefined };
  const blocked = new Promise<void>((resolve) => {
    read.go = resolve;
  });
  let heard = 0;
  const handle = await sandbox.commands.run("head -c 16000000 /dev/zero; touch written", {
    background: true,
    timeoutMs: 0,
    onStdout: async (text) => {
      heard += text.length;
      await blocked;
    },
  });
  await expect.poll(() => heard, PATIENT).toBeGreaterThan(0);
  // What it writes fits neither its pipe nor the sockets. In the time that others take for as much, it would be through.
  for (let round = 0; round < 2; round += 1) await sandbox.commands.run("head -c 16000000 /dev/zero");
  expect(await sandbox.files.exists("written")).toBe(false);
  read.go();
  await handle.wait();
  expect(heard).toBe(16_000_000);
});
