/**
 * Owns what suites of the plan's places and of the line for them share: few places, previews by short names, and what is
 * done with them on one engine. It must never decide who has a place.
 */
import { afterAll, beforeAll, beforeEach } from "vitest";
import { parseScope, type Scope } from "@/lib/ids";
import { fleetKeys } from "@/lib/store/keys";
import type { ClaimReply } from "@/lib/store/store";
import {
  type EngineName,
  environment,
  leaseGranted,
  type StoreUnderTest,
  sandboxA,
  policy as shipped,
  startStore,
} from "./stores";

export const PLACES = 5;
export const policy = { ...shipped, planConcurrency: PLACES };
export const keys = fleetKeys(environment);

/** `ann3` is the preview of project p3 of user ann. */
export const preview = (name: string): Scope => {
  const [, userId = "", number = ""] = /^([a-z]+)(\d+)$/.exec(name) ?? [];
  return parseScope(`p${number}`, userId);
};
export const nameOf = ({ projectId, userId }: Scope) => `${userId}${projectId.slice(1)}`;
export const memberOf = (name: string) => `${preview(name).projectId}/${preview(name).userId}`;

/** For the suite that calls it: a store that is empty before each of its tests. */
export function placesOn(engine: EngineName) {
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

  return { at: () => at, open, openAll, fill, state, lineOf, lapsePlaces, serve, running, unused };
}
