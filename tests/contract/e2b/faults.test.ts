/**
 * Faults on demand as the real SDK meets them: what it throws is the rows of e2b.md §1.4, and whether the effect happened
 * is asked of the stand-in itself.
 */
import { RateLimitError, Sandbox, SandboxError, ServiceBusyError } from "e2b";
import { expect, test } from "vitest";
import type { CallFault } from "@/lib/local/e2b/faults/fault-kinds";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { type StandIn, standIn } from "./stand-in";

const next = { kind: "next", count: 1 } as const;

/** The next call of this kind meets the fault. */
const meet = ({ local }: StandIn, site: string, fault: CallFault) =>
  local.faults.add({ site, when: next, fault });

const sandboxesOf = ({ local }: StandIn) => local.cloud.list().length;

test.each([
  [500, SandboxError],
  [502, SandboxError],
  [503, ServiceBusyError],
] as const)(
  "§1.4 an error before the effect, %i: the call fails and nothing has happened",
  async (status, kind) => {
    const stand = await standIn();
    meet(stand, "create", { kind: "error-before", status });
    await expect(Sandbox.create(stand.sdk)).rejects.toBeInstanceOf(kind);
    expect([sandboxesOf(stand), stand.local.calls()]).toEqual([0, { create: 1 }]);
  },
);

test("§1.4 429 with Retry-After is tried again by the SDK, without it at once a RateLimitError", async () => {
  const stand = await standIn();
  meet(stand, "create", { kind: "error-before", status: 429, retryAfterSeconds: 0 });
  await Sandbox.create(stand.sdk);
  expect(stand.local.calls()).toEqual({ create: 2 });
  meet(stand, "create", { kind: "error-before", status: 429 });
  await expect(Sandbox.create(stand.sdk)).rejects.toBeInstanceOf(RateLimitError);
  expect(stand.local.calls()).toEqual({ create: 3 });
});

test.each<CallFault>([
  { kind: "error-after", status: 500 },
  { kind: "drop-after" },
  { kind: "malformed", body: "cut" },
  { kind: "malformed", body: "not-json" },
])("an answer that is spoilt, $kind $body: the create fails and its sandbox exists", async (fault) => {
  const stand = await standIn();
  meet(stand, "create", fault);
  await expect(Sandbox.create(stand.sdk)).rejects.toThrow();
  expect(sandboxesOf(stand)).toBe(1);
  expect(stand.local.faults.injected()).toEqual({ create: { [fault.kind]: 1 } });
});

test.each<CallFault>([
  { kind: "error-after", status: 503 },
  { kind: "drop-after" },
  { kind: "malformed", body: "cut" },
])(
  "an answer without a body can be spoilt as well, $kind: the pause fails and has happened",
  async (fault) => {
    const stand = await standIn();
    const sandbox = await Sandbox.create(stand.sdk);
    meet(stand, "pause", fault);
    await expect(sandbox.pause()).rejects.toThrow();
    expect((await sandbox.getInfo()).state).toBe("paused");
  },
);

test("a cut answer begins as it would have: status, announced length, half of the body", async () => {
  const stand = await standIn();
  meet(stand, "list", { kind: "malformed", body: "cut" });
  const headers = { "x-api-key": stand.local.apiKey };
  const answer = await fetch(`${stand.local.apiUrl}/v2/sandboxes`, { headers });
  expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "2"]);
  await expect(answer.text()).rejects.toThrow("terminated");
});

test("a drop before the effect is a broken connection, and nothing has happened", async () => {
  const stand = await standIn();
  meet(stand, "create", { kind: "drop-before" });
  await expect(Sandbox.create(stand.sdk)).rejects.toThrow("fetch failed");
  expect(sandboxesOf(stand)).toBe(0);
});

test.each([
  ["hang-before", 0],
  ["hang-after", 1],
] as const)("§1.4 a call that hangs, %s, ends when the client gives up", async (kind, sandboxes) => {
  const stand = await standIn();
  meet(stand, "create", { kind });
  const creating = Sandbox.create({ ...stand.sdk, requestTimeoutMs: 1000 });
  await expect(creating).rejects.toMatchObject({ name: "TimeoutError" });
  expect(sandboxesOf(stand)).toBe(sandboxes);
});

test("a call that hangs does not hold up the stand-in's end", async () => {
  const stand = await standIn();
  meet(stand, "create", { kind: "hang-after" });
  const creating = Sandbox.create(stand.sdk).catch((error: Error) => error.message);
  await expect.poll(() => sandboxesOf(stand)).toBe(1);
  await stand.local.stop();
  expect(await creating).toBe("fetch failed");
});

test("a delay is of the stand-in's clock, and a client that leaves meanwhile has changed nothing", async () => {
  const clock = new VirtualClock();
  const stand = await standIn({ clock });
  const delay: CallFault = { kind: "delay", minMs: 5000, maxMs: 5000 };
  meet(stand, "create", delay);
  const leaving = new AbortController();
  const left = Sandbox.create({ ...stand.sdk, signal: leaving.signal });
  await expect.poll(() => clock.pending).toBe(1);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ name: "AbortError" });
  await expect.poll(() => clock.pending).toBe(0);
  expect(sandboxesOf(stand)).toBe(0);

  meet(stand, "create", delay);
  const creating = Sandbox.create(stand.sdk);
  await expect.poll(() => clock.pending).toBe(1);
  await clock.advance(4999);
  expect(sandboxesOf(stand)).toBe(0);
  await clock.advance(1);
  expect((await creating).sandboxId).toBe(stand.local.cloud.list()[0]?.sandboxId);
});

test("envd's calls are sites of their own: health, files and methods, each with what the SDK makes of it", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  meet(stand, "health", { kind: "error-before", status: 502 });
  expect([await sandbox.isRunning(), await sandbox.isRunning()]).toEqual([false, true]);

  meet(stand, "files", { kind: "drop-after" });
  await expect(sandbox.files.write("kept.txt", "it was written")).rejects.toThrow();
  expect(await sandbox.files.read("kept.txt")).toBe("it was written");

  meet(stand, "Filesystem.MakeDir", { kind: "error-after", status: 500 });
  await expect(sandbox.files.makeDir("made")).rejects.toThrow();
  expect(await sandbox.files.exists("made")).toBe(true);
  expect(Object.keys(stand.local.faults.injected())).toEqual(["health", "files", "Filesystem.MakeDir"]);
});

test("§1.4 a stream that is dropped after the effect leaves the command running", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  meet(stand, "Process.Start", { kind: "drop-after" });
  const starting = sandbox.commands.run("sleep 1000", { background: true, timeoutMs: 0 });
  await expect(starting).rejects.toThrow();
  expect((await sandbox.commands.list()).map(({ args }) => args)).toEqual([["-l", "-c", "sleep 1000"]]);
});

test("a fault of one sandbox leaves the others alone", async () => {
  const stand = await standIn();
  const [one, other] = [await Sandbox.create(stand.sdk), await Sandbox.create(stand.sdk)];
  const { sandboxId } = one;
  stand.local.faults.add({ site: "*", sandboxId, when: { kind: "always" }, fault: { kind: "drop-before" } });
  await expect(one.getInfo()).rejects.toThrow();
  expect((await other.getInfo()).state).toBe("running");
});

test("a jump passes the end of a run as time would", async () => {
  const stand = await standIn({ clock: new VirtualClock() });
  const lifecycle = { onTimeout: "pause" } as const;
  const sandbox = await Sandbox.create({ ...stand.sdk, timeoutMs: 600_000, lifecycle });
  const { endAt } = await sandbox.getInfo();
  await stand.local.jump(599_999);
  expect((await sandbox.getInfo()).state).toBe("running");
  await stand.local.jump(55 * 60_000);
  await expect.poll(async () => (await sandbox.getInfo()).state).toBe("paused");
  expect((await sandbox.getInfo()).endAt).toEqual(endAt);
});
