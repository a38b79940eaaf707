/** The real SDK's commands against real processes, by rows of e2b.md §1.3, §1.4 and §3.5. */
import { CommandExitError, NotFoundError, Sandbox, TimeoutError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd, streamToEnvd } from "./envd-client";
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

test("§3.5 input to a command that takes none is refused, and closing it is harmless", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const { pid } = await sandbox.commands.run("exec sleep 1000", { background: true });
  await expect(sandbox.commands.sendStdin(pid, "x")).rejects.toThrow("stdin not enabled or closed");
  await sandbox.commands.closeStdin(pid);
  await sandbox.commands.closeStdin(pid);
});

test("§3.5 a killed command is over, although what it started still holds its output", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("sleep 1000 & echo started; wait", { background: true });
  await expect.poll(() => handle.stdout, PATIENT).toBe("started\n");
  const outcome = expect(handle.wait()).rejects.toThrow("signal: killed");
  await handle.kill();
  await outcome;
  expect(await sandbox.commands.list()).toEqual([]);
});

test("§3.5 who follows a command up to 30 s after its end still learns how it ended", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  const pid = await startInBackground(sandbox, "echo unheard; exit 4");
  await expect.poll(() => sandbox.commands.list(), PATIENT).toEqual([]);
  await clock.advance(29_999);
  const late = await sandbox.commands.connect(pid);
  await expect(late.wait()).rejects.toMatchObject({ exitCode: 4, stdout: "" });
  await clock.advance(1);
  await expect(sandbox.commands.connect(pid)).rejects.toBeInstanceOf(NotFoundError);
});

test("§1.4 a command whose sandbox is killed says that the sandbox is gone", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("exec sleep 1000", { background: true });
  const outcome = expect(handle.wait()).rejects.toThrow("killed or reached its end of life");
  await sandbox.kill();
  await outcome;
});

test("§3.5 a command runs as root when it is asked for, at home in /root; nobody else exists", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("here.txt", "x", { user: "root" });
  const { stdout } = await sandbox.commands.run('echo "$USER $LOGNAME"; ls; ls ~', { user: "root" });
  expect(stdout).toBe("root root\nhere.txt\nhere.txt\n");
  await expect(sandbox.commands.run("true", { user: "nobody" })).rejects.toThrow(
    "invalid username: 'nobody'",
  );
});

test("a reader who falls behind slows the command down instead of filling the stand-in", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
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

test("§3.5 a command is found by its tag, and signalled by SIGTERM", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { sandboxId } = sandbox;
  const started = streamToEnvd(stand, sandboxId, "process.Process/Start", [
    { process: { cmd: "/bin/sleep", args: ["1000"], envs: { A: "b" } }, tag: "server", stdin: false },
  ]);
  await expect
    .poll(() => sandbox.commands.list(), PATIENT)
    .toMatchObject([{ tag: "server", cmd: "/bin/sleep", args: ["1000"], envs: { A: "b" } }]);
  const signal = { process: { tag: "server" }, signal: "SIGNAL_SIGTERM" };
  expect(await callEnvd(stand, sandboxId, "process.Process/SendSignal", signal)).toMatchObject({
    status: 200,
  });
  const end = { exitCode: -1, exited: false, status: "signal: terminated", error: "signal: terminated" };
  expect(await started).toEqual([{ event: { start: { pid: expect.any(Number) } } }, { event: { end } }, {}]);
  expect(await callEnvd(stand, sandboxId, "process.Process/SendSignal", signal)).toMatchObject({
    status: 404,
    body: { code: "not_found", message: "process with tag server not found" },
  });
});

test("§3.5 a stream of input reaches a command in order", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const handle = await sandbox.commands.run("cat", { background: true, stdin: true });
  const data = (text: string) => ({ data: { input: { stdin: Buffer.from(text).toString("base64") } } });
  const messages = [
    { start: { process: { pid: handle.pid } } },
    data("one "),
    { keepalive: {} },
    data("two"),
  ];
  expect(await streamToEnvd(stand, sandbox.sandboxId, "process.Process/StreamInput", messages)).toEqual([
    {},
    {},
  ]);
  await handle.closeStdin();
  expect((await handle.wait()).stdout).toBe("one two");
});

test("§3.5 a quiet stream says that it is alive as often as the client asked for", async () => {
  const clock = new VirtualClock();
  const stand = await standIn({ clock });
  const sandbox = await Sandbox.create(stand.sdk);
  const pid = await startInBackground(sandbox, "until [ -f go ]; do sleep 0.02; done");
  const headers = { "keepalive-ping-interval": "50" };
  // Nothing else tells from outside when a stream that says nothing has begun: until then only the run's end waits.
  await expect.poll(() => clock.pending, PATIENT).toBe(1);
  const stream = streamToEnvd(
    stand,
    sandbox.sandboxId,
    "process.Process/Connect",
    [{ process: { pid } }],
    headers,
  );
  await expect.poll(() => clock.pending, PATIENT).toBe(2);
  await clock.advance(101_000);
  await sandbox.files.write("go", "");
  const quiet = { event: { keepalive: {} } };
  expect((await stream).filter((message) => JSON.stringify(message) === JSON.stringify(quiet))).toHaveLength(
    2,
  );
});

test("§3.5 what the service does not have answers unimplemented", async () => {
  const stand = await standIn();
  const { sandboxId } = await Sandbox.create(stand.sdk);
  expect(await callEnvd(stand, sandboxId, "process.Process/Teleport", {})).toMatchObject({
    status: 501,
    body: { code: "unimplemented" },
  });
});
