/** A sandbox that a product runs already becomes a preview's: only one that runs, answers and is nobody else's. */
import { describe, expect, test } from "vitest";
import { parseLeaseId, type Scope, sandboxIdSchema } from "@/lib/ids";
import { adopt } from "@/lib/preview/operations/adopt";
import { auditNow, pastGrace, scopeOf, stateOf, strayOf } from "@/tests/support/audits";
import { createWorld, HOUR, MINUTE, scope, type World } from "@/tests/support/world";

let adoptions = 0;

function adoptNow(world: World, sandboxId: string, of: Scope = scope) {
  adoptions += 1;
  const leaseId = parseLeaseId(`adopt-test-${adoptions}`);
  return world.finish(() =>
    adopt(world.runtime, of, { sandboxId: sandboxIdSchema.parse(sandboxId), port: 5173, leaseId }),
  );
}

/** One that the product made by itself, without our labels, with a server that answers. */
async function products(world: World): Promise<string> {
  const { sandboxId } = await world.cloud.create({
    templateId: "base",
    timeoutSeconds: 600,
    onTimeout: "pause",
  });
  world.machines.startJob(sandboxId, "theirs", "start.sh");
  await world.advance(5_000);
  return sandboxId;
}

test("it runs on as it is, as this preview, with its end moved, and history says so", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  const jobs = world.machines.startedJobs.length;

  const outcome = await adoptNow(world, sandboxId);

  expect(outcome.kind).toBe("adopted");
  expect(await world.record()).toMatchObject({ state: "running", sandboxId, port: 5173, reason: "adopted" });
  const [running] = world.running();
  expect(running?.endAt).toBeGreaterThan(world.clock.now() + 15 * MINUTE);
  expect((await world.record()).state === "running" && (await world.status()).url).toContain(sandboxId);
  expect(world.machines.startedJobs).toHaveLength(jobs);
  expect(await world.rekindle.history(scope)).toContainEqual(
    expect.objectContaining({ kind: "moved", to: "running", reason: "adopted", sandboxId }),
  );
});

test("it is kept alive in use, rests when nobody is there, comes back, and the audit sees that it is there", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  await adoptNow(world, sandboxId);

  await world.beatFor(25 * MINUTE);
  expect(await world.record()).toMatchObject({ state: "running", sandboxId });
  await world.leave();
  await world.advance(HOUR);
  expect(await world.record()).toMatchObject({ state: "paused", sandboxId });
  expect((await auditNow(world)).findings).toEqual([]);
  await world.ready();

  expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
});

test("asked again, after a lost answer, it is adopted already", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  await adoptNow(world, sandboxId);
  const { epoch } = await world.record();

  expect((await adoptNow(world, sandboxId)).kind).toBe("adopted");
  expect((await world.record()).epoch).toBe(epoch);
});

test("one that the provider lost expires its preview", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  await adoptNow(world, sandboxId);
  await world.leave();
  await world.advance(15 * MINUTE);
  await world.cloud.kill(sandboxId);

  const { findings } = await auditNow(world);

  expect(findings).toEqual([{ kind: "vanished", sandboxId, scope }]);
  expect((await world.record()).state).toBe("expired");
});

describe("it is refused, and nothing is written or woken,", () => {
  test.each([
    ["gone", async (world: World, id: string) => world.cloud.kill(id)],
    ["not-running", async (world: World, id: string) => world.cloud.pause(id)],
    ["not-answering", async (world: World, id: string) => world.machines.loseServer(id)],
  ] as const)("where the sandbox is %s", async (why, spoil) => {
    const world = await createWorld();
    const sandboxId = await products(world);
    if (why === "not-answering") world.machines.stopJobs(sandboxId);
    else await spoil(world, sandboxId);
    const before = stateOf(world, sandboxId);

    expect(await adoptNow(world, sandboxId)).toMatchObject({ kind: "refused", why });
    expect((await world.record()).state).toBe("absent");
    expect(stateOf(world, sandboxId)).toBe(before);
  });

  test("where the preview has another", async () => {
    const world = await createWorld();
    const { sandboxId } = await world.ready();

    expect(await adoptNow(world, await products(world))).toMatchObject({
      kind: "refused",
      why: "has-another",
    });
    expect(await world.record()).toMatchObject({ state: "running", sandboxId });
  });

  test("where it is another preview's", async () => {
    const world = await createWorld();
    const sandboxId = await products(world);
    await adoptNow(world, sandboxId, scopeOf("first"));

    expect(await adoptNow(world, sandboxId)).toMatchObject({ kind: "refused", why: "others" });
    expect((await world.record()).state).toBe("absent");
    expect(await world.record(scopeOf("first"))).toMatchObject({ state: "running", sandboxId });
  });

  test("where this preview has given it up", async () => {
    const world = await createWorld();
    const stray = await strayOf(world);
    await world.ready("v1", scopeOf("keeps-time"));
    const { sandboxId } = await world.ready();
    expect(sandboxId).toBe(stray);
    const later = await strayOf(world);
    await pastGrace(world);
    await auditNow(world);
    await world.cloud.kill(stray);
    world.emit("preview/check.due");
    await world.advance(MINUTE);
    expect((await world.record()).state).toBe("expired");

    expect(await adoptNow(world, later)).toMatchObject({ kind: "refused", why: "let-go" });
    expect((await world.record()).state).toBe("expired");
  });
});

test("two that adopt it at once: one has it, and the other is refused", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  const [first, second] = [scopeOf("first"), scopeOf("second")];

  const outcomes = await Promise.all([adoptNow(world, sandboxId, first), adoptNow(world, sandboxId, second)]);

  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["adopted", "refused"]);
  const states = await Promise.all([first, second].map(async (of) => (await world.record(of)).state));
  expect(states.filter((state) => state === "running")).toHaveLength(1);
  expect(stateOf(world, sandboxId)).toBe("running");
});

test("a worker that dies at any call of it leaves the sandbox running or adopted, and asking again adopts it", async () => {
  const calls: string[] = [];
  const look = await createWorld();
  const looked = await products(look);
  look.faults.interpose(async (call) => {
    calls.push(call);
  });
  await adoptNow(look, looked);
  expect(calls.length).toBeGreaterThan(6);
  for (const index of calls.keys()) {
    const world = await createWorld();
    const sandboxId = await products(world);
    let seen = 0;
    world.faults.interpose(async () => {
      seen += 1;
      if (seen !== index + 1) return;
      world.faults.interpose(undefined);
      await world.faults.die();
    });
    await adoptNow(world, sandboxId).catch(() => undefined);

    await world.advance(world.policy.leaseMs + 6 * MINUTE);
    const again = await adoptNow(world, sandboxId);

    expect({ call: calls[index], kind: again.kind }).toEqual({ call: calls[index], kind: "adopted" });
    expect(await world.record()).toMatchObject({ state: "running", sandboxId });
    expect(world.faults.count("sandboxes.create")).toBe(0);
  }
});

// Found in review: only our own memory was asked whose it is.
test("one that another deployment made is refused, also by one that knows nothing of it", async () => {
  const world = await createWorld();
  const { sandboxId } = await world.cloud.create({
    templateId: "base",
    timeoutSeconds: 600,
    onTimeout: "pause",
    metadata: { app: "rekindle", env: "production", previewId: "x" },
  });
  world.machines.startJob(sandboxId, "theirs", "start.sh");
  await world.advance(5_000);

  expect(await adoptNow(world, sandboxId)).toMatchObject({ kind: "refused", why: "others" });
});

test("a suspended user is given none", async () => {
  const world = await createWorld();
  const sandboxId = await products(world);
  await world.runtime.fleet.suspend(scope.userId, "ada", "stop");

  expect(await adoptNow(world, sandboxId)).toMatchObject({ kind: "refused", why: "suspended" });
});

test("the provider's word of it is heard, though it has no labels of ours", async () => {
  const world = await createWorld({ hasWebhook: true });
  const sandboxId = await products(world);
  await adoptNow(world, sandboxId);
  await world.advance(MINUTE);

  await world.cloud.kill(sandboxId);
  await world.advance(MINUTE);

  // In use a moment ago, so it is built anew at once.
  expect(await world.rekindle.history(scope)).toContainEqual(
    expect.objectContaining({ kind: "moved", from: "running", reason: "sandbox-gone" }),
  );
});
