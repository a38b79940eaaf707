/** The provider acts on its own, and says so by its webhook: the preview agrees at once, however the telling goes wrong. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseLeaseId } from "@/lib/ids";
import { createWorld, HOUR, MINUTE, SECOND, scope, type World } from "@/tests/support/world";

/** A delivery, a durable run, and a call or two of the provider. */
const AT_ONCE = 10 * SECOND;

const withWebhook = () => createWorld({ hasWebhook: true });
const looks = (world: World) => world.eventsNamed("e2b/sandbox.changed");

describe("an ordinary life", () => {
  test("is all echoes: a start, an hour of use with a renewal, a rest and a return ask for no look", async () => {
    const world = await withWebhook();
    // What E2B did is told before it is written down.
    for (const call of ["store.recordExtension", "store.commit"]) world.faults.slow(call, 300);
    await world.ready();
    await world.beatFor(HOUR);
    await world.leave();
    await world.advance(5 * MINUTE);
    await world.open();
    await world.beatFor(2 * MINUTE);
    await world.advance(15 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
    const { delivered } = world.webhook;
    expect(new Set(delivered.map(({ type }) => type))).toEqual(
      new Set(["created", "updated", "paused", "resumed"]),
    );
    expect(delivered.length).toBeGreaterThan(15);
    expect(delivered.filter(({ status, kind }) => status !== 200 || kind === "news")).toEqual([]);
    expect(looks(world)).toEqual([]);
    expect(world.runsOf("apply-sandbox-event")).toEqual([]);
  });
});

describe("the provider by itself", () => {
  test("kills a preview in use, and it is rebuilt at once, without a sign of life", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    await world.cloud.kill(String(sandboxId));

    await world.advance(AT_ONCE);
    expect(await world.record()).toMatchObject({ state: "starting", reason: "sandbox-gone" });
    await world.until(async () => (await world.record()).state === "running", MINUTE);

    expect(await world.record()).toMatchObject({ cameBack: "rebuilt-cold" });
    expect(world.running()).toHaveLength(1);
    expect(looks(world)).toHaveLength(1);
  });

  test("pauses a preview in use, and it is resumed at once", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    await world.cloud.pause(String(sandboxId));

    await world.advance(AT_ONCE);

    expect(await world.record()).toMatchObject({ state: "running", cameBack: "resumed", sandboxId });
    expect(world.running()).toHaveLength(1);
  });

  test("pauses a preview in use, the worker that resumes it dies, and the next try goes on under the same claim", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    world.faults.plan("sandboxes.connect", { kind: "die-after" });
    const { epoch } = await world.record();
    await world.cloud.pause(String(sandboxId));

    await world.until(async () => {
      const { state, epoch: reached } = await world.record();
      return state === "running" && reached > epoch;
    }, MINUTE);

    expect(await world.record()).toMatchObject({ epoch: epoch + 1, cameBack: "resumed", sandboxId });
  });

  test("is resumed by somebody else while nobody wants it, and it is brought to rest again at once", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.leave();
    await world.advance(HOUR);
    await world.cloud.connect(String(sandboxId), 3600);
    expect(world.running()).toHaveLength(1);

    await world.advance(AT_ONCE);

    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", sandboxId });
  });

  test("has its end brought nearer by somebody else, and a preview in use gets its time back before that end", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    const [before] = world.running();
    world.cloud.setTimeout(String(sandboxId), 30);

    await world.advance(AT_ONCE);
    const [after] = world.running();
    await world.advance(5 * MINUTE);

    expect(after?.endAt).toBeGreaterThanOrEqual(Number(before?.endAt) - SECOND);
    expect(await world.record()).toMatchObject({ state: "running", endsAt: after?.endAt });
    expect(world.runsOf("reconcile-preview")).toEqual([]);
  });

  test("has its end moved far away by somebody else, and the record knows of it, without a call that shortens it", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    world.cloud.setTimeout(String(sandboxId), 3000);
    const extensions = world.faults.count("sandboxes.extend");

    await world.advance(AT_ONCE);

    expect(await world.record()).toMatchObject({ state: "running", endsAt: world.running()[0]?.endAt });
    expect(world.faults.count("sandboxes.extend")).toBe(extensions);
  });

  test("is heard of again when whoever is at work has let go: a shorter end told meanwhile is not forgotten", async () => {
    const world = await withWebhook();
    const { sandboxId } = await world.ready();
    await world.advance(MINUTE);
    // A worker that dies while it holds the claim; nobody renews it.
    await world.begin(() =>
      world.store.claim(scope, { kind: "sync", leaseId: parseLeaseId("sync-of-a-dead-worker") }),
    );
    world.cloud.setTimeout(String(sandboxId), 200);
    const cutShort = world.running()[0]?.endAt;
    await world.advance(MINUTE);
    expect(world.running()).toMatchObject([{ endAt: cutShort }]);

    await world.advance(MINUTE + AT_ONCE);

    expect(world.running()[0]?.endAt).toBeGreaterThan(Number(cutShort) + MINUTE);
    expect(await world.record()).toMatchObject({ state: "running", endsAt: world.running()[0]?.endAt });
  });
});

/** All that a provider may do by itself, with a viewer who is there until it rests. */
async function turbulence(world: World): Promise<void> {
  await world.ready();
  const current = async () => String((await world.status()).sandboxId);
  await world.beatFor(5 * MINUTE);
  await world.cloud.pause(await current());
  await world.beatFor(5 * MINUTE);
  world.cloud.setTimeout(await current(), 20);
  await world.beatFor(5 * MINUTE);
  await world.cloud.kill(await current());
  await world.beatFor(5 * MINUTE);
  await world.leave();
  await world.advance(10 * MINUTE);
  await world.cloud.connect(await current(), 3600);
  await world.advance(10 * MINUTE);
}

describe("what E2B tells of all of it", () => {
  const always = { kind: "always" } as const;
  const late = { kind: "delay", minMs: 0, maxMs: 4 * MINUTE } as const;

  test.each([
    ["once and in order", []],
    ["up to four minutes late, so in any order", [late]],
    ["twice, late and in any order", [{ kind: "duplicate" }, late]],
  ] as const)("%s leads to the same end", async (_how, faults) => {
    const world = await withWebhook();
    for (const fault of faults) world.webhook.faults.add({ site: "*", when: always, fault });

    await turbulence(world);

    const { delivered } = world.webhook;
    expect(delivered.filter(({ status }) => status !== 200)).toEqual([]);
    // However often it is told: one run each.
    const news = delivered.filter(({ kind }) => kind === "news").map(({ id }) => id);
    expect(new Set(news).size).toBeGreaterThan(2);
    expect(world.runsOf("apply-sandbox-event")).toHaveLength(new Set(news).size);
    expect(world.running()).toEqual([]);
    expect(await world.record()).toMatchObject({ state: "paused", reason: "left" });
    // The second after the kill: nothing was ever built twice.
    expect(world.faults.count("sandboxes.create")).toBe(2);
    expect(world.sandboxes()).toHaveLength(1);
  });

  test("and is lost on the way is found by signs of life and the sweep, as without a webhook", async () => {
    const world = await withWebhook();
    world.webhook.faults.add({ site: "*", when: always, fault: { kind: "lose" } });

    await turbulence(world);
    // Nobody was told of the last resume: the provider's own end pauses it.
    await world.advance(HOUR);

    expect(world.webhook.delivered).toEqual([]);
    expect(world.running()).toEqual([]);
    expect(world.faults.count("sandboxes.create")).toBe(2);
  });

  test("changes nothing when all of it is replayed hours later, from the dashboard and under new ids", async () => {
    const world = await withWebhook();
    await turbulence(world);
    const told = looks(world);
    expect(told).toHaveLength(4);
    await world.advance(3 * HOUR);
    const before = await world.record();

    for (const { data } of told) world.emit("e2b/sandbox.changed", { data: z.looseObject({}).parse(data) });
    await world.advance(5 * MINUTE);

    // A look that agrees takes a claim to say so, and writes nothing else.
    const { epoch, claimedAt } = await world.record();
    expect(await world.record()).toEqual({ ...before, epoch, claimedAt });
    expect(world.running()).toEqual([]);
    const replayed = world.runsOf("apply-sandbox-event").slice(-told.length);
    expect(replayed.map(({ output }) => output)).toMatchObject([
      { result: "echo" },
      // Of the sandbox that was killed.
      { result: "not-ours-to-judge" },
      { result: "echo" },
      // That somebody else resumed it still contradicts the record, and the provider says that it rests.
      { action: "none" },
    ]);
  });
});
