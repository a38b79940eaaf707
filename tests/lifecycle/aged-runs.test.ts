/** What the button "jump 55 minutes" is for: a run that is suddenly much older, and somebody who uses it. */
import { expect, test } from "vitest";
import { previewCheckDue } from "@/inngest/events";
import { createWorld, MINUTE, scope } from "@/tests/support/world";

test.each([
  ["with minutes left of its hour", 1],
  ["past its hour, so that the provider has paused it", 10],
])(
  "a run aged by 55 minutes, %s, goes on as another with the same processes",
  async (_title, usedForMinutes) => {
    const world = await createWorld();
    const { sandboxId = "" } = await world.ready();
    await world.beatFor(usedForMinutes * MINUTE);
    const jobsBefore = world.machines.startedJobs.length;
    const agedAt = world.clock.now();

    world.cloud.ageRun(sandboxId, 55 * MINUTE);
    await world.finish(() => world.runtime.inngest.send(previewCheckDue.create({ ...scope })));
    await world.beatFor(6 * MINUTE);

    expect(world.running()).toMatchObject([{ sandboxId }]);
    expect(world.running()[0]?.startedAt).toBeGreaterThanOrEqual(agedAt);
    expect(await world.record()).toMatchObject({
      state: "running",
      sandboxId,
      cameBack: "resumed",
      runStartedAt: world.running()[0]?.startedAt,
    });
    expect(world.machines.startedJobs).toHaveLength(jobsBefore);
  },
);
