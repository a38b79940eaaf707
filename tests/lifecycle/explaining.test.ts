/** What a preview's history answers after a life, and that asking changes nothing. */
import { expect, test } from "vitest";
import { createWorld, HOUR, MINUTE, SECOND, scope } from "@/tests/support/world";

test("why it runs is answered from its history across renewals, and the pane never calls one a rest", async () => {
  const world = await createWorld();
  await world.ready();
  await world.beatFor(HOUR + 10 * MINUTE);

  const { why, entries } = await world.finish(() => world.rekindle.explain(scope));

  expect(why[0]).toMatch(/^Running for 1 h 1\d min, since a person opened it\.$/);
  expect(why.join("\n")).toMatch(
    /renewed once since, \d+ min ago in [\d.]+ s, with memory and processes kept/,
  );
  expect(entries.map(({ title }) => title)).toEqual([
    "Renewed",
    "Renewing its run: waking up",
    "Renewing its run",
    "Running",
    "Starting",
  ]);
  // How long the renewal took, and not how long a person waited for the boot before it.
  expect(entries[0]?.detail).toMatch(/ in \d(\.\d)? s\.$/);
  expect(entries[3]?.detail).toMatch(/ in \d\d s\.$/);
  const view = await world.status();
  expect(view.cameBack?.title).toMatch(/renewed.*same processes/);
});

test("who uses it is warned of the end of its run and not of idleness; who looks on is warned of rest", async () => {
  const world = await createWorld();
  const { cameBack } = await world.ready();
  const readyAt = cameBack?.at ?? 0;
  const { policy } = world;

  await world.beatFor(policy.maxRunMs - policy.warnEndBeforeMs - (world.clock.now() - readyAt) + 20 * SECOND);
  expect((await world.beat()).warning).toMatchObject({ kind: "run-end", canExtend: false });

  // Looking on is quiet: the run is renewed at once, and from then on only the rest is near.
  await world.until(async () => (await world.record()).renewedAt !== undefined);
  expect((await world.status()).warning).toBeUndefined();
  const { lastActiveAt = 0 } = await world.record();
  await world.advance(lastActiveAt + policy.idleAfterMs - policy.warnBeforeMs - world.clock.now());
  expect((await world.status()).warning).toMatchObject({
    kind: "idle",
    deadline: lastActiveAt + policy.idleAfterMs,
    canExtend: true,
  });

  expect((await world.beat()).warning).toBeUndefined();
});

test("asking why changes nothing: the record, the history and the sandbox stay as they were", async () => {
  const world = await createWorld();
  await world.ready();
  const before = [await world.record(), await world.store.history(scope, 100), world.sandboxes()];

  await world.finish(() => world.rekindle.explain(scope));
  const history = await world.finish(() => world.rekindle.history(scope));

  expect([await world.record(), history, world.sandboxes()]).toEqual(before);
});

test("a preview that was never opened says so, and has no history", async () => {
  const world = await createWorld();

  const { why, entries } = await world.finish(() => world.rekindle.explain(scope));

  expect(why).toEqual([
    "This preview has not been opened before. The first start installs its dependencies.",
  ]);
  expect(entries).toEqual([]);
});
