/** The real SDK's commands against real processes, by rows of e2b.md §1.3, §1.4 and §3.5. */
import { NotFoundError, Sandbox, TimeoutError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callEnvd, streamToEnvd } from "./envd-client";
import { PATIENT, processesIn, standIn, startInBackground } from "./stand-in";

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
