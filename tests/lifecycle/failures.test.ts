/** Boots that fail, runs that are cancelled, services that do not answer: an honest state, nothing that bills on. */
import { describe, expect, test } from "vitest";
import {
  FilesUnavailableError,
  NeedsPersonError,
  ProviderUnreachableError,
  UnknownProjectError,
} from "@/lib/errors";
import type { Reason } from "@/lib/preview/reasons";
import { createWorld, HOUR, MINUTE, SECOND, scope, type WorldOptions } from "@/tests/support/world";

const failing = (error: Error): WorldOptions => {
  const fail = async () => {
    throw error;
  };
  return { files: { revision: fail, load: fail } };
};
const withFiles = (files: { path: string; content: string }[]): WorldOptions => ({
  files: { revision: async () => "r1", load: async () => ({ revision: "r1", files }) },
});

const failures: [string, WorldOptions, Reason][] = [
  ["an install that fails", { project: { installExitCode: 1 } }, "install-failed"],
  ["an install that never ends", { project: { installMs: HOUR } }, "install-timed-out"],
  [
    "a server that exits",
    { project: { answersAfterMs: undefined, exitsAfterMs: 3 * SECOND } },
    "server-exited",
  ],
  ["a port that never opens", { project: { answersAfterMs: undefined } }, "port-never-opened"],
  ["an unknown project", failing(new UnknownProjectError("p1")), "unknown-project"],
  ["files that cannot be loaded", failing(new FilesUnavailableError("p1")), "files-unavailable"],
  ["a store of files that breaks", failing(new TypeError("fetch failed")), "files-unavailable"],
  ["a project without a start script", withFiles([{ path: "package.json", content: "{}" }]), "no-recipe"],
  ["a path that leads out of the project", withFiles([{ path: "../x", content: "" }]), "files-unavailable"],
];

describe.each(failures)("%s", (_case, options, reason) => {
  test("ends in a state with a reason, nothing runs, and it is told once", async () => {
    const world = await createWorld(options);

    await world.open();
    await world.until(async () => (await world.record()).state === "failed", 20 * MINUTE);
    await world.advance(MINUTE);

    expect(await world.status()).toMatchObject({
      state: "failed",
      reason: { code: reason },
      action: "try-again",
    });
    expect((await world.record()).leaseId).toBeUndefined();
    expect(world.running()).toEqual([]);
    expect(world.eventsNamed("preview/failed")).toMatchObject([{ data: { ...scope, reason } }]);
    expect(world.eventsNamed("preview/ready")).toEqual([]);
  });
});

test("a failed boot keeps its log for the person", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });

  await world.open();
  await world.until(async () => (await world.record()).state === "failed");

  expect((await world.status()).logTail).toContain("install.sh");
});

test("a failed preview does not boot again by itself: not by sweeps, events of the system, or beats", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });
  await world.open();
  await world.until(async () => (await world.record()).state === "failed");

  await world.beatFor(10 * MINUTE);
  world.emit("preview/requested", { data: { requestedBy: "system" } });
  world.emit("preview/check.due");
  await world.advance(20 * MINUTE);

  expect((await world.record()).state).toBe("failed");
  expect(world.machines.startedJobs).toHaveLength(1);
  expect(world.runsOf("open-preview").at(-1)).toMatchObject({ output: { result: "needs-person" } });
});

test("a failed boot's sandbox is paused at once, and neither an agent's hold nor a sweep boots it again", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });
  await world.open();
  await world.until(async () => (await world.record()).state === "failed");
  await world.advance(3 * SECOND);
  const runningAtOnce = world.running();

  const hold = world.begin(() => world.rekindle.hold(scope, { key: "task", maxMs: HOUR }));
  await expect(Promise.all([hold, world.advance(10 * SECOND)])).rejects.toBeInstanceOf(NeedsPersonError);
  await world.finish(() => world.rekindle.requestSweep());
  await world.advance(20 * MINUTE);

  expect(runningAtOnce).toEqual([]);
  expect((await world.record()).state).toBe("failed");
  expect(world.machines.startedJobs).toHaveLength(1);
  expect(world.running()).toEqual([]);
});

test("a sandbox taken away in the middle of an install is built again for who waits, once", async () => {
  const world = await createWorld();
  await world.open();
  await world.until(async () => (await world.record()).phase === "install");
  const [first] = world.sandboxes();
  await world.cloud.kill(String(first?.sandboxId));

  await world.until(async () => (await world.record()).state === "running");
  await world.advance(SECOND);

  expect(world.faults.count("sandboxes.create")).toBe(2);
  expect(world.eventsNamed("preview/failed")).toEqual([]);
  expect(world.eventsNamed("preview/ready")).toHaveLength(1);
});

test("a boot whose sandboxes are taken away one after the other ends, and says why", async () => {
  const world = await createWorld();
  await world.open();
  for (const times of [1, 2]) {
    await world.until(() => world.faults.count("sandboxes.writeFiles") >= times);
    for (const { sandboxId } of world.running()) await world.cloud.kill(sandboxId);
  }
  await world.until(async () => (await world.record()).state === "failed");
  await world.advance(MINUTE);

  expect(await world.status()).toMatchObject({ reason: { code: "sandbox-gone" }, action: "open" });
  expect(world.faults.count("sandboxes.create")).toBe(2);
});

test("a failed preview boots again when a person asks, in the same sandbox, with a log of its own", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });
  await world.open();
  await world.until(async () => (await world.record()).state === "failed");
  await world.advance(MINUTE);

  world.machines.project.installExitCode = 0;
  await world.open();
  const restarting = await world.status();
  await world.until(async () => (await world.record()).state === "running");

  expect(restarting.logTail).toBeUndefined();
  expect(world.faults.count("sandboxes.create")).toBe(1);
});

test("a provider that is down for a moment is asked again, and the person sees only a longer start", async () => {
  const world = await createWorld();
  world.faults.plan("sandboxes.create", {
    kind: "error-before",
    error: new ProviderUnreachableError("create"),
  });
  world.faults.plan("sandboxes.find", { kind: "error-before", error: new ProviderUnreachableError("find") });

  await world.open();
  await world.until(async () => (await world.record()).state === "running");

  expect(world.eventsNamed("preview/failed")).toEqual([]);
});

test("a resume that fails leaves the preview paused with its memory, and a way to try again", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.ready();
  await world.leave();
  await world.advance(HOUR);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    world.faults.plan("sandboxes.connect", {
      kind: "error-before",
      error: new ProviderUnreachableError("connect"),
    });
  }

  await world.open();
  await world.until(async () => (await world.record()).state === "paused");
  const failed = await world.status();
  for (let attempt = 0; attempt < 6; attempt += 1) await world.advance(10 * SECOND);

  expect(failed).toMatchObject({ sandboxId, reason: { code: "provider-unreachable" } });
  expect((await world.status()).action).toBe("try-again");
  expect(world.machines.startedJobs).toHaveLength(2);
});

test("a person who clicks while a failure is being tidied up gets a new start", async () => {
  const world = await createWorld({ project: { installExitCode: 1 } });
  await world.open();
  await world.until(async () => (await world.record()).state === "failed");
  world.machines.project.installExitCode = 0;

  await world.open();
  await world.until(async () => (await world.record()).state === "running", 3 * MINUTE);

  expect(world.faults.count("sandboxes.create")).toBe(1);
});

test("an opening that an operator cancels is marked so at once", async () => {
  const world = await createWorld({ project: { installMs: 4 * MINUTE } });
  await world.open();
  await world.until(async () => (await world.record()).phase === "install");
  const [run] = world.runsOf("open-preview");

  world.engine.cancelRun(String(run?.id));
  await world.advance(30 * SECOND);

  expect(await world.status()).toMatchObject({
    state: "failed",
    reason: { code: "run-failed" },
    action: "try-again",
  });
  expect(world.running()).toEqual([]);
  expect(world.runsOf("recover-preview").at(-1)).toMatchObject({ output: { result: "marked" } });
});

test("an opening that fails for a reason of ours is marked so at once", async () => {
  const world = await createWorld();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    world.faults.plan("sandboxes.find", { kind: "error-before", error: new Error("a fault of ours") });
  }

  await world.open();
  await world.until(async () => (await world.record()).state === "failed");

  expect(await world.record()).toMatchObject({ reason: "run-failed" });
  expect(world.runsOf("open-preview")).toMatchObject([{ status: "Failed" }]);
});

test("a cancelled opening of which another worker has taken over is left alone", async () => {
  const world = await createWorld({ project: { installMs: 4 * MINUTE } });
  await world.open();
  await world.until(async () => (await world.record()).phase === "install");
  const [run] = world.runsOf("open-preview");
  await world.finish(async () => {
    await world.redis.command(
      "HSET",
      `rekindle:test:preview:${world.store.previewIdOf(scope)}`,
      "leaseUntil",
      "1",
    );
  });
  await world.open("v2");

  world.engine.cancelRun(String(run?.id));
  await world.until(async () => (await world.record()).state === "running");

  expect(world.runsOf("recover-preview").at(-1)).toMatchObject({ output: { result: "nothing-held" } });
  expect(world.machines.startedJobs).toHaveLength(2);
});

test("when Inngest takes no events, an open ends with that reason instead of waiting in the dark", async () => {
  const world = await createWorld();
  const send = world.runtime.inngest.send;
  world.runtime.inngest.send = () => Promise.reject(new TypeError("fetch failed"));

  await expect(world.open()).rejects.toMatchObject({ code: "events-unreachable" });
  world.runtime.inngest.send = send;

  expect(await world.status()).toMatchObject({ reason: { code: "events-unreachable" }, action: "try-again" });
  expect(world.running()).toEqual([]);
});

test("a beat whose event could not be sent gives its turn back to the next", async () => {
  const world = await createWorld();
  await world.ready();
  await world.beatFor(MINUTE);
  await world.advance(4 * MINUTE);
  const before = world.eventsNamed("user/active").length;
  const send = world.runtime.inngest.send;
  world.runtime.inngest.send = () => Promise.reject(new TypeError("fetch failed"));
  await world.beat();
  world.runtime.inngest.send = send;

  await world.beat();

  expect(world.eventsNamed("user/active")).toHaveLength(before + 1);
});

test("an event that fails its schema starts nothing, and its run is shown as failed", async () => {
  const world = await createWorld();

  world.engine.sendEvent({ name: "preview/requested", data: { projectId: "../../etc", userId: "u1" } });
  world.engine.sendEvent({ name: "user/left", data: {} });
  await world.advance(MINUTE);

  expect(world.sandboxes()).toEqual([]);
  expect(world.runsOf("open-preview")).toMatchObject([{ status: "Failed", calls: 1 }]);
  expect(
    world.runsOf("recover-preview").every(({ output }) => JSON.stringify(output).includes("no-preview")),
  ).toBe(true);
});
