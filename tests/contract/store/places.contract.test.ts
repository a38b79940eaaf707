/** Places among the plan's sandboxes and the line for them, on every engine. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseScope, type Scope } from "@/lib/ids";
import { fleetKeys } from "@/lib/store/keys";
import type { ClaimReply } from "@/lib/store/store";
import {
  availableEngines,
  environment,
  holdOf,
  leaseGranted,
  leaseOf,
  type StoreUnderTest,
  sandboxA,
  policy as shipped,
  startStore,
  viewer,
} from "./stores";

const engines = await availableEngines();
const PLACES = 5;
const policy = { ...shipped, planConcurrency: PLACES };
const keys = fleetKeys(environment);

/** `ann3` is the preview of project p3 of user ann. */
const preview = (name: string): Scope => {
  const [, userId = "", number = ""] = /^([a-z]+)(\d+)$/.exec(name) ?? [];
  return parseScope(`p${number}`, userId);
};
const nameOf = ({ projectId, userId }: Scope) => `${userId}${projectId.slice(1)}`;
const memberOf = (name: string) => `${preview(name).projectId}/${preview(name).userId}`;

describe.each(engines)("on %s", (engine) => {
  let at: StoreUnderTest;
  beforeAll(async () => {
    at = await startStore(engine, policy);
  });
  beforeEach(() => at.upstash.loseEverything());
  afterAll(() => at.stop());

  const open = (name: string, extra: { isAdmitted?: boolean } = {}): Promise<ClaimReply> =>
    at.open(name, { ...extra, ...(extra.isAdmitted ? { isByPerson: false } : {}) }, preview(name));
  const openAll = async (...names: string[]) => {
    const kinds: string[] = [];
    for (const name of names) kinds.push((await open(name)).kind);
    return kinds;
  };
  const fill = () => openAll(...Array.from({ length: PLACES }, (_, index) => `full${index}`));
  const state = () => at.fleet.state();
  const lineOf = async (name: string) => (await at.store.read(preview(name))).snapshot.line;
  /** A place of the first ones comes free by itself: its end has passed. */
  const lapsePlaces = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      await at.sdk.zadd(keys.places, { score: 1_000, member: memberOf(`full${index}`) });
    }
  };
  let looks = 0;
  const serve = (server = "s", counted?: { ours: number; others: number }) => {
    looks += 1;
    return at.fleet.serveLine(server, `look-${looks}`, counted);
  };
  const running = async (name: string) => {
    const lease = leaseGranted(await open(name));
    const { now } = (await at.store.read(preview(name))).snapshot;
    const set = { sandboxId: sandboxA, runStartedAt: now, endsAt: now + policy.keepAliveMs, port: 3000 };
    await at.store.commit(lease, {
      operation: "up",
      claim: "release",
      become: "running",
      set,
      check: "when-running",
    });
  };
  /** As if nobody had used it for so long. */
  const unused = (name: string, forMs: number, now: number) =>
    at.sdk.zadd(keys.used, { score: now - forMs, member: memberOf(name) });

  test("of a hundred claims at once as many are granted as there are places, and the others stand in line", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `u${"abcdefghij"[index % 10]}${index}`);
    const other = at.newStore();

    const replies = await Promise.all(
      names.map((name, index) =>
        (index % 2 ? at.store : other).claim(preview(name), {
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
      await at.sdk.del(keys.places);
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
    const offered = await at.store.read(preview("ann1"));
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
    await at.sdk.zadd(
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
      await at.store.touch(preview(name), { kind: "left", viewerId: viewer("v") });
      await meanwhile();
      await open(name);
      return (await lineOf(name))?.position;
    };
    const since = (await at.store.read(preview("ann1"))).snapshot.record.waitingSince;

    const reloaded = await leaveAndReturn("ann1", () => open("dov1"));
    const { record } = (await at.store.read(preview("ann1"))).snapshot;
    const away = await leaveAndReturn("ben1", async () => {
      const turn = await at.sdk.hget<string>(at.keyOf(preview("ben1")), "lineTurn");
      const [score, number, , waitingSince] = String(turn).split(",");
      await at.overwrite({ lineTurn: [score, number, "1000", waitingSince].join(",") }, preview("ben1"));
    });

    expect([reloaded, away]).toEqual([1, 4]);
    expect(record.waitingSince).toBe(since);
  });

  test("who loads the page again when a place was just offered is first again", async () => {
    await fill();
    await openAll("ann1", "ben1");
    await lapsePlaces(1);
    await serve();
    await at.store.touch(preview("ann1"), { kind: "left", viewerId: viewer("v") });
    await open("ann1");

    expect((await lineOf("ann1"))?.position).toBe(1);
    expect((await state()).taken).toBe(PLACES - 1);
  });

  test("a turn that comes when nobody waits any more frees its place and wishes for nothing", async () => {
    await fill();
    await at.store.touch(preview("ann1"), { kind: "beat", viewerId: viewer("v") });
    await open("ann1");
    await lapsePlaces(1);
    await serve();
    await at.store.touch(preview("ann1"), { kind: "left", viewerId: viewer("v") });
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

  test("what strangers run is taken off the places, and what of ours has none as well", async () => {
    await at.fleet.recordCount({ ours: 1, others: 3 });
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
    await at.store.touch(preview("cem1"), { kind: "beat", viewerId: viewer("v") });
    await at.store.hold(preview("dov1"), holdOf("work"), 60_000);
    await at.sdk.zadd(keys.used, { score: 1, member: "gone/gone" });
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
    expect(await at.sdk.zscore(keys.used, "gone/gone")).toBeNull();
  });

  test("while everything is held nobody is named to rest", async () => {
    for (const name of ["ann1", "ben1", "cem1", "dov1", "eve1"]) await running(name);
    await unused("ann1", policy.evictAfterMs * 2, (await state()).now);
    await at.fleet.turn("hold-everything", { on: true, by: "op", why: "looking" });
    await open("new1");
    const held = await serve();
    await at.fleet.turn("hold-everything", { on: false });

    expect(held.toRest).toEqual([]);
    expect((await serve()).toRest.map(nameOf)).toEqual(["ann1"]);
  });

  test("one server at a time looks after the line; the same look again answers the same, and nobody is admitted twice", async () => {
    await fill();
    await openAll("ann1", "ben1", "cem1");
    await serve("first");
    const second = await serve("second");
    await lapsePlaces(2);
    const look = await at.fleet.serveLine("first", "the-look", undefined);
    const again = await at.fleet.serveLine("first", "the-look", undefined);

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
    const servedUntil = Number(await at.sdk.hget(keys.fleet, "lineServedUntil"));
    expect(servedUntil).toBeGreaterThanOrEqual(now + 4 * policy.lineLookEveryMs);
    const whileServed = await at.store.takeDue(10, 1_000);
    await at.sdk.hset(keys.fleet, { lineServedUntil: "1000" });
    const whileNobody = await at.store.takeDue(10, 1_000);

    expect([whileServed.isLineUnattended, whileNobody.isLineUnattended]).toEqual([false, true]);
    expect((await serve("second")).kind).toBe("going-on");
    await at.sdk.del(keys.line);
    expect((await at.store.takeDue(10, 1_000)).isLineUnattended).toBe(false);
  });

  test("nobody is told a time before an admission was seen; then it goes by how often a place came free", async () => {
    await fill();
    await openAll("ann1", "ben1", "cem1");
    const before = await lineOf("cem1");
    const { now } = await state();
    await at.sdk.hset(keys.fleet, { admittedAt: String(now - 60_000) });
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
    await at.sdk.hset(keys.fleet, { admitEveryMs: "30000" });
    await lapsePlaces(1);
    await serve();
    await open("ben1");

    expect((await lineOf("ben1"))?.waitMs).toBeLessThan(60_000);
  });

  test("who comes back while it is being paused keeps its place; who lost it to a stranger waits in front", async () => {
    for (const name of ["ann1", "ben1", "cem1", "dov1", "eve1"]) await running(name);
    await openAll("new1", "new2");
    const rest = async (name: string, rejoinsLine: boolean) => {
      const lease = leaseGranted(
        await at.store.claim(preview(name), { kind: "pause", leaseId: leaseOf("pause"), isForced: true }),
      );
      await open(name);
      const { now } = (await at.store.read(preview(name))).snapshot;
      await at.store.commit(lease, {
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
