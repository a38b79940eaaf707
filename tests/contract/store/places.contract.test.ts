/** Who has a place among the plan's sandboxes, and who stands in the line for one, on every engine. */
import { describe, expect, test } from "vitest";
import { keys, memberOf, nameOf, PLACES, placesOn, preview } from "./places";
import { availableEngines, leaseGranted, leaseOf, viewer } from "./stores";

describe.each(await availableEngines())("on %s", (engine) => {
  const { at, open, openAll, fill, state, lineOf, lapsePlaces, serve, running } = placesOn(engine);

  test("of a hundred claims at once as many are granted as there are places, and the others stand in line", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `u${"abcdefghij"[index % 10]}${index}`);
    const other = at().newStore();

    const replies = await Promise.all(
      names.map((name, index) =>
        (index % 2 ? at().store : other).claim(preview(name), {
          kind: "open",
          leaseId: leaseOf(name),
          isByPerson: true,
          bootId: "b",
        }),
      ),
    );

    const kinds = replies.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "granted")).toHaveLength(PLACES);
    expect(kinds.filter((kind) => kind === "waiting")).toHaveLength(100 - PLACES);
    expect(replies.filter((reply) => reply.kind === "waiting" && reply.isUnattended)).toHaveLength(1);
    expect(await state()).toMatchObject({ taken: PLACES, waiting: 100 - PLACES });
  });

  test("one user's many wait behind the first of each other's, and nobody who waits is overtaken again and again", async () => {
    await fill();
    await openAll("ann1", "ann2", "ann3", "ben1", "cem1", "ben2");
    const admitted: string[] = [];
    for (let round = 0; round < 9; round += 1) {
      await lapsePlaces(PLACES);
      for (const one of (await serve("s", { ours: PLACES - 1, others: 0 })).admitted)
        admitted.push(nameOf(one));
      // Somebody new comes after each, and none of them goes before all who wait.
      if (round < 3) await open(`late${round}`);
      await at().sdk.del(keys.places);
    }

    expect(admitted.slice(0, 4)).toEqual(["ann1", "ben1", "cem1", "ann2"]);
    expect(admitted.indexOf("ann3")).toBeLessThan(admitted.indexOf("late2"));
    expect(admitted).toHaveLength(9);
  });

  test("who has places already waits behind who has none", async () => {
    await openAll("ann1", "ann2", "full0", "full1", "full2");
    await openAll("ann3", "ben1");

    expect([await lineOf("ben1"), await lineOf("ann3")]).toEqual([{ position: 1 }, { position: 2 }]);
  });

  test("a newcomer does not take a place before those who wait, and an offered place is theirs until it lapses", async () => {
    await fill();
    await openAll("ann1", "ben1");
    await lapsePlaces(1);

    const newcomer = await open("cem1");
    const served = await serve();
    const offered = await at().store.read(preview("ann1"));
    const taken = await open("ann1", { isAdmitted: true });
    const early = await open("ben1", { isAdmitted: true });

    expect(newcomer.kind).toBe("waiting");
    expect(served.admitted.map(nameOf)).toEqual(["ann1"]);
    expect(offered.snapshot.line).toEqual({ position: 0 });
    expect([taken.kind, early.kind]).toEqual(["granted", "waiting"]);
    expect(await state()).toMatchObject({ taken: PLACES, waiting: 2 });
  });

  test("an offer that nobody took up in time puts its preview in front again", async () => {
    await fill();
    await openAll("ann1", "ben1");
    await lapsePlaces(1);
    await serve();
    await at().sdk.zadd(
      keys.places,
      { score: 1_000, member: memberOf("ann1") },
      { score: 9e12, member: "x/x" },
    );

    await open("ann1");

    expect([(await lineOf("ann1"))?.position, (await lineOf("ben1"))?.position]).toEqual([1, 2]);
  });

  test("a page that is loaded again keeps its turn and since when it waits; who stays away longer goes to the end", async () => {
    await fill();
    await openAll("ann1", "ben1", "cem1");
    const leaveAndReturn = async (name: string, meanwhile: () => Promise<unknown>) => {
      await at().store.touch(preview(name), { kind: "left", viewerId: viewer("v") });
      await meanwhile();
      await open(name);
      return (await lineOf(name))?.position;
    };
    const since = (await at().store.read(preview("ann1"))).snapshot.record.waitingSince;

    const reloaded = await leaveAndReturn("ann1", () => open("dov1"));
    const { record } = (await at().store.read(preview("ann1"))).snapshot;
    const away = await leaveAndReturn("ben1", async () => {
      const turn = await at().sdk.hget<string>(at().keyOf(preview("ben1")), "lineTurn");
      const [score, number, , waitingSince] = String(turn).split(",");
      await at().overwrite({ lineTurn: [score, number, "1000", waitingSince].join(",") }, preview("ben1"));
    });

    expect([reloaded, away]).toEqual([1, 4]);
    expect(record.waitingSince).toBe(since);
  });

  test("who loads the page again when a place was just offered is first again", async () => {
    await fill();
    await openAll("ann1", "ben1");
    await lapsePlaces(1);
    await serve();
    await at().store.touch(preview("ann1"), { kind: "left", viewerId: viewer("v") });
    await open("ann1");

    expect((await lineOf("ann1"))?.position).toBe(1);
    expect((await state()).taken).toBe(PLACES - 1);
  });

  test("a turn that comes when nobody waits any more frees its place and wishes for nothing", async () => {
    await fill();
    await at().store.touch(preview("ann1"), { kind: "beat", viewerId: viewer("v") });
    await open("ann1");
    await lapsePlaces(1);
    await serve();
    await at().store.touch(preview("ann1"), { kind: "left", viewerId: viewer("v") });
    const afterLeaving = await state();
    const late = await open("ann1", { isAdmitted: true });

    expect(afterLeaving).toMatchObject({ taken: PLACES - 1, waiting: 0 });
    expect(late).toMatchObject({ kind: "not-applicable", snapshot: { record: { wanted: "resting" } } });
    expect(await state()).toMatchObject({ taken: PLACES - 1, waiting: 0 });
  });

  test("a place whose worker died comes free by itself", async () => {
    await fill();
    await lapsePlaces(1);

    expect((await open("ann1")).kind).toBe("granted");
    expect((await state()).taken).toBe(PLACES);
  });

  test("who comes back while it is being paused keeps its place; who lost it to a stranger waits in front", async () => {
    for (const name of ["ann1", "ben1", "cem1", "dov1", "eve1"]) await running(name);
    await openAll("new1", "new2");
    const rest = async (name: string, rejoinsLine: boolean) => {
      const lease = leaseGranted(
        await at().store.claim(preview(name), { kind: "pause", leaseId: leaseOf("pause"), isForced: true }),
      );
      await open(name);
      const { now } = (await at().store.read(preview(name))).snapshot;
      await at().store.commit(lease, {
        operation: "rest",
        claim: "release",
        become: "paused",
        set: { pausedAt: now },
        rejoinsLine,
        check: "never",
      });
      return open(name);
    };

    const kept = await rest("ann1", false);
    const lost = await rest("ben1", true);

    expect(kept.kind).toBe("granted");
    expect(lost.kind).toBe("waiting");
    expect(await lineOf("ben1")).toEqual({ position: 1 });
    expect(await state()).toMatchObject({ taken: PLACES - 1, waiting: 3 });
  });
});
