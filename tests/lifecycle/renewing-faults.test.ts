/** What a renewal comes to when something goes wrong in it, at every call, and what is said of it afterwards. */
import { expect, test } from "vitest";
import {
  ProviderBusyError,
  ProviderCapacityError,
  ProviderRateError,
  ProviderUnreachableError,
} from "@/lib/errors";
import { advanceTo, isRenewed, nearItsEnd } from "@/tests/support/old-run";
import { HOUR, MINUTE, SECOND } from "@/tests/support/world";

/** A claim, then two sweeps. */
const LEASE_AND_TWO_SWEEPS = 90 * SECOND + 2 * 5 * MINUTE + MINUTE;

test("a renewal is no use of the preview: it rests an idle time after the last sign of life, as before", async () => {
  const { world, endsAt } = await nearItsEnd();
  const before = await world.record();
  await world.until(isRenewed(world, endsAt));
  const after = await world.record();

  await world.advance(10 * MINUTE);

  expect([after.readyAt, after.lastActiveAt, after.tookMs]).toEqual([
    before.readyAt,
    before.lastActiveAt,
    before.tookMs,
  ]);
  expect(await world.record()).toMatchObject({ state: "paused", reason: "idle" });
  const tailMs = Number(world.sandboxes()[0]?.endAt) - Number(before.lastActiveAt);
  expect(tailMs).toBeLessThanOrEqual(world.policy.idleAfterMs + 10 * SECOND);
});

// Found here: the boot was said to be a renewal with memory kept.
test("a renewal that finds the sandbox gone rebuilds it, says so, and tells people", async () => {
  const { world, sandboxId, renewAt } = await nearItsEnd();
  await advanceTo(world, renewAt - SECOND);
  const told = world.eventsNamed("preview/ready").length;
  await world.cloud.kill(sandboxId);

  await world.advance(MINUTE);

  expect(await world.record()).toMatchObject({
    state: "running",
    cameBack: "rebuilt-cold",
    reason: "sandbox-gone",
  });
  expect(world.eventsNamed("preview/ready")).toHaveLength(told + 1);
  expect(world.running()).toHaveLength(1);
});

test("a renewal after which the server had to be started again is not said to have kept its memory", async () => {
  const { world, sandboxId, renewAt } = await nearItsEnd();
  await advanceTo(world, renewAt - SECOND);
  const told = world.eventsNamed("preview/ready").length;
  world.machines.loseServer(sandboxId);

  await world.advance(MINUTE);

  expect(await world.record()).toMatchObject({
    state: "running",
    sandboxId,
    cameBack: "restarted",
    reason: "renewed-restarted",
  });
  expect(world.eventsNamed("preview/ready")).toHaveLength(told + 1);
});

// Found here: it was left paused in front of people who had asked for nothing.
test.each([
  ["does not answer", new ProviderUnreachableError("connect"), 6],
  ["has given its place away", new ProviderCapacityError(20), 4],
])(
  "a renewal whose provider %s for a while comes back by a later look, with nobody's click",
  async (_case, error, times) => {
    const { world, sandboxId, endsAt } = await nearItsEnd();
    for (let time = 0; time < times; time += 1) {
      world.faults.plan("sandboxes.connect", { kind: "error-before", error });
    }

    await world.until(isRenewed(world, endsAt), 2 * MINUTE + LEASE_AND_TWO_SWEEPS);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
    expect(world.machines.startedJobs).toHaveLength(2);
  },
);

test("a renewal whose provider stays away is given up when nobody has used the preview for an idle time", async () => {
  const { world } = await nearItsEnd();
  for (let time = 0; time < 200; time += 1) {
    world.faults.plan("sandboxes.connect", {
      kind: "error-before",
      error: new ProviderUnreachableError("connect"),
    });
  }

  await world.advance(40 * MINUTE);
  const tried = world.faults.count("sandboxes.connect");
  await world.advance(HOUR);

  expect(await world.record()).toMatchObject({ state: "paused", wanted: "resting" });
  expect(world.faults.count("sandboxes.connect")).toBe(tried);
  expect(tried).toBeLessThan(30);
});

const refusals: [string, Error][] = [
  ["that it is busy", new ProviderBusyError("pause")],
  ["to slow down", new ProviderRateError("pause")],
];
test.each(refusals)(
  "a renewal whose pause is answered %s is made by the step's repetition",
  async (_answer, error) => {
    const { world, sandboxId, endsAt } = await nearItsEnd();
    world.faults.plan("sandboxes.pause", { kind: "error-before", error });

    await world.until(isRenewed(world, endsAt), 4 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, reason: "renewed" });
    expect(world.machines.startedJobs).toHaveLength(2);
  },
);

test.each(refusals)(
  "a renewal whose pause is answered %s by every try leaves it running in the end",
  async (_answer, error) => {
    const { world, sandboxId, renewAt } = await nearItsEnd();
    await advanceTo(world, renewAt - SECOND);
    for (let time = 0; time < 3; time += 1)
      world.faults.plan("sandboxes.pause", { kind: "error-before", error });
    await world.until(async () => (await world.record()).state === "pausing");

    await world.until(async () => (await world.record()).state === "running", LEASE_AND_TWO_SWEEPS);
    await world.beatFor(15 * MINUTE);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId });
    expect(world.machines.startedJobs).toHaveLength(2);
  },
);

const deaths = [
  ["store.claim", 0],
  ["store.renewLease", 0],
  ["sandboxes.pause", 0],
  ["store.claim", 1],
  ["sandboxes.connect", 0],
  ["store.commit", 0],
] as const;
const cases = deaths.flatMap(([call, nth]) =>
  (["die-before", "die-after"] as const).map((kind) => [call, nth, kind] as const),
);
test.each(cases)(
  "a renewal whose worker dies at %s number %i (%s) is finished, with no new boot",
  async (call, nth, kind) => {
    const { world, sandboxId, endsAt, renewAt } = await nearItsEnd();
    await advanceTo(world, renewAt - SECOND);
    world.faults.plan(call, { kind }, nth);

    await world.until(isRenewed(world, endsAt), LEASE_AND_TWO_SWEEPS);

    expect(await world.record()).toMatchObject({ state: "running", sandboxId, cameBack: "resumed" });
    expect(world.machines.startedJobs).toHaveLength(2);
    expect(world.running()).toHaveLength(1);
  },
);

test("a renewal whose function never comes back is finished by the sweep", async () => {
  const { world, sandboxId, endsAt, renewAt } = await nearItsEnd();
  await advanceTo(world, renewAt - SECOND);
  world.faults.plan("sandboxes.pause", { kind: "stall", ms: HOUR });

  await world.until(async () => (await world.record()).state === "pausing");
  await world.until(async () => (await world.record()).state === "running", LEASE_AND_TWO_SWEEPS);
  await world.beatFor(endsAt - world.clock.now() + MINUTE);

  expect(await world.record()).toMatchObject({ state: "running", sandboxId });
  expect(world.machines.startedJobs).toHaveLength(2);
});
