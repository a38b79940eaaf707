/** Who looks after the line, whom they ask to rest, and what those who wait are told, on every engine. */
import { describe, expect, test } from "vitest";
import { keys, nameOf, PLACES, placesOn, policy, preview } from "./places";
import { availableEngines, holdOf, viewer } from "./stores";

describe.each(await availableEngines())("on %s", (engine) => {
  const { at, open, openAll, fill, state, lineOf, lapsePlaces, serve, running, unused } = placesOn(engine);

  test("what strangers run is taken off the places, and what of ours has none as well", async () => {
    await at().fleet.recordCount({ ours: 1, others: 3 });
    const kinds = await openAll("ann1", "ben1");
    const { foreign } = await state();
    const served = await serve("s", { ours: 1, others: 0 });

    expect(kinds).toEqual(["granted", "waiting"]);
    expect(foreign).toBe(4);
    expect(served).toMatchObject({ kind: "over", waiting: 0 });
    expect(served.admitted.map(nameOf)).toEqual(["ben1"]);
  });

  test("only what is unused, unheld and has a place is named to rest, the least used first and no more than wait", async () => {
    for (const name of ["ann1", "ben1", "cem1", "dov1", "eve1"]) await running(name);
    const { now } = await state();
    await unused("ann1", policy.evictAfterMs + 1_000, now);
    await unused("ben1", policy.evictAfterMs + 60_000, now);
    await unused("cem1", policy.evictAfterMs + 30_000, now);
    await unused("dov1", policy.evictAfterMs + 90_000, now);
    await at().store.touch(preview("cem1"), { kind: "beat", viewerId: viewer("v") });
    await at().store.hold(preview("dov1"), holdOf("work"), 60_000);
    await at().sdk.zadd(keys.used, { score: 1, member: "gone/gone" });
    await open("new1");

    const first = await serve();
    const soonAfter = await serve();
    await openAll("new2", "new3");
    const more = await serve();

    expect([first, soonAfter, more].map(({ toRest }) => toRest.map(nameOf))).toEqual([
      ["ben1"],
      [],
      ["ann1"],
    ]);
    expect(await at().sdk.zscore(keys.used, "gone/gone")).toBeNull();
  });

  test("while everything is held nobody is named to rest", async () => {
    for (const name of ["ann1", "ben1", "cem1", "dov1", "eve1"]) await running(name);
    await unused("ann1", policy.evictAfterMs * 2, (await state()).now);
    await at().fleet.turn("hold-everything", { on: true, by: "op", why: "looking" });
    await open("new1");
    const held = await serve();
    await at().fleet.turn("hold-everything", { on: false });

    expect(held.toRest).toEqual([]);
    expect((await serve()).toRest.map(nameOf)).toEqual(["ann1"]);
  });

  test("one server at a time looks after the line; the same look again answers the same, and nobody is admitted twice", async () => {
    await fill();
    await openAll("ann1", "ben1", "cem1");
    await serve("first");
    const second = await serve("second");
    await lapsePlaces(2);
    const look = await at().fleet.serveLine("first", "the-look", undefined);
    const again = await at().fleet.serveLine("first", "the-look", undefined);

    expect(second).toMatchObject({ kind: "other", admitted: [], toRest: [], waiting: 3 });
    expect(look.admitted.map(nameOf)).toEqual(["ann1", "ben1"]);
    expect(again).toEqual(look);
    expect(await state()).toMatchObject({ taken: PLACES, waiting: 1 });
  });

  test("a server that died is replaced when its claim has lapsed, and the sweep learns that nobody serves", async () => {
    await fill();
    await open("ann1");
    const { now } = await state();
    await serve("first");
    const servedUntil = Number(await at().sdk.hget(keys.fleet, "lineServedUntil"));
    expect(servedUntil).toBeGreaterThanOrEqual(now + 4 * policy.lineLookEveryMs);
    const whileServed = await at().store.takeDue(10, 1_000);
    await at().sdk.hset(keys.fleet, { lineServedUntil: "1000" });
    const whileNobody = await at().store.takeDue(10, 1_000);

    expect([whileServed.isLineUnattended, whileNobody.isLineUnattended]).toEqual([false, true]);
    expect((await serve("second")).kind).toBe("going-on");
    await at().sdk.del(keys.line);
    expect((await at().store.takeDue(10, 1_000)).isLineUnattended).toBe(false);
  });

  test("nobody is told a time before an admission was seen; then it goes by how often a place came free", async () => {
    await fill();
    await openAll("ann1", "ben1", "cem1");
    const before = await lineOf("cem1");
    const { now } = await state();
    await at().sdk.hset(keys.fleet, { admittedAt: String(now - 60_000) });
    await lapsePlaces(1);
    await serve();
    const after = await lineOf("cem1");

    expect(before).toEqual({ position: 3 });
    expect(after?.position).toBe(2);
    // Two turns of about a minute each.
    expect(after?.waitMs).toBeGreaterThanOrEqual(120_000);
    expect(after?.waitMs).toBeLessThan(150_000);
  });

  test("the first in a new line is not told a time from the clock's beginning", async () => {
    await fill();
    await open("ann1");
    await at().sdk.hset(keys.fleet, { admitEveryMs: "30000" });
    await lapsePlaces(1);
    await serve();
    await open("ben1");

    expect((await lineOf("ben1"))?.waitMs).toBeLessThan(60_000);
  });
});
