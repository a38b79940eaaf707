/**
 * Owns lines in which many previews contend for few places: as many are granted as there are places, the others stand in
 * line, and with every place that comes free one of the line gets it and nobody else. Meanwhile a connection that takes no
 * part counts the places that are taken. It must never repair what it finds. A violation is a sentence.
 */
import { policy } from "@/inngest.config";
import { parseLeaseId, parseScope, type Scope } from "@/lib/ids";
import type { FleetStore } from "@/lib/store/fleet";
import { fleetKeys } from "@/lib/store/keys";
import type { ClaimReply, Lease, PreviewStore } from "@/lib/store/store";
import type { Stage } from "./stage";
import { environment } from "./ways";

/** Who looks after the line, all at the same moment. */
const SERVERS = 10;
const { planConcurrency: places } = policy;

export interface PlacesTally {
  lines: number;
  grants: number;
  mostTaken: number;
  readonly violations: string[];
}

export async function contendForPlaces(
  stage: Stage,
  stores: readonly PreviewStore[],
  lines: number,
): Promise<PlacesTally> {
  const tally: PlacesTally = { lines: 0, grants: 0, mostTaken: 0, violations: [] };
  const watch = watchPlaces(stage, tally);
  for (let line = 0; line < lines; line += 1) {
    await stage.empty();
    await oneLine(stores, stage.fleets(SERVERS), line, tally);
    tally.lines += 1;
  }
  await watch.stop();
  if (tally.mostTaken > places)
    tally.violations.push(`${tally.mostTaken} of ${places} places were taken at once`);
  return tally;
}

/** Counts as often as Redis answers. */
function watchPlaces({ witness }: Stage, tally: PlacesTally) {
  let isOver = false;
  const watched = (async () => {
    while (!isOver)
      tally.mostTaken = Math.max(tally.mostTaken, await witness.zcard(fleetKeys(environment).places));
  })();
  return {
    async stop(): Promise<void> {
      isOver = true;
      await watched;
    },
  };
}

async function oneLine(
  stores: readonly PreviewStore[],
  fleets: readonly FleetStore[],
  line: number,
  tally: PlacesTally,
): Promise<void> {
  const { violations } = tally;
  const previews = stores.map((_, index) => parseScope(`line-${line}-${index}`, `user-${index}`));
  const claim = (index: number, isAdmitted: boolean): Promise<ClaimReply> => {
    const [store, of] = [stores[index], previews[index]];
    if (!store || !of) throw new Error(`there is no contender ${index}`);
    const leaseId = parseLeaseId(`line-${line}-of-${index}-${isAdmitted ? "admitted" : "asked"}`);
    return store.claim(of, {
      kind: "open",
      leaseId,
      isByPerson: !isAdmitted,
      isAdmitted,
      bootId: `boot-${index}`,
    });
  };
  const held = await takenBy(stores, (index) => claim(index, false), stores.keys(), places, tally);
  let [holders, served] = [held, held.length];
  for (let wave = 0; served < stores.length && holders.length > 0; wave += 1) {
    await Promise.all(holders.map(({ store, lease }) => store.commit(lease, failing)));
    const looks = await Promise.all(
      fleets.map((fleet, server) =>
        fleet.serveLine(`server-${server}`, `look-${line}-${wave}-${server}`, undefined),
      ),
    );
    const admitted = looks.flatMap((look) => look.admitted).map((each) => indexOf(previews, each));
    if (new Set(admitted).size !== admitted.length) violations.push(`line ${line}: one was admitted twice`);
    if (admitted.length > places) violations.push(`line ${line}: ${admitted.length} were admitted at once`);
    // Who asks again meanwhile, without its turn, is not let through.
    const waiting = [...previews.keys()].filter((index) => !admitted.includes(index)).slice(-places);
    const [granted, jumped] = await Promise.all([
      takenBy(stores, (index) => claim(index, true), admitted.values(), admitted.length, tally),
      Promise.all(waiting.map((index) => claim(index, false))),
    ]);
    const through = jumped.filter((reply) => reply.kind === "granted").length;
    if (through > 0 && served + granted.length < stores.length)
      violations.push(`line ${line}: ${through} came through before their turn`);
    holders = granted;
    served += granted.length;
  }
  if (served !== stores.length)
    violations.push(`line ${line}: ${served} of ${stores.length} had a place in the end`);
}

interface Holder {
  readonly store: PreviewStore;
  readonly lease: Lease;
}

/** All claim at once; those who were granted, which have to be so many. */
async function takenBy(
  stores: readonly PreviewStore[],
  claim: (index: number) => Promise<ClaimReply>,
  indexes: Iterable<number>,
  expected: number,
  tally: PlacesTally,
): Promise<Holder[]> {
  const replies = await Promise.all(
    [...indexes].map(async (index) => ({ index, reply: await claim(index) })),
  );
  const holders = replies.flatMap(({ index, reply }): Holder[] => {
    const store = stores[index];
    return reply.kind === "granted" && store ? [{ store, lease: reply.lease }] : [];
  });
  tally.grants += holders.length;
  if (holders.length !== expected)
    tally.violations.push(`${holders.length} of ${replies.length} were granted a place, not ${expected}`);
  const told = replies.find(({ reply }) => reply.kind !== "granted" && reply.kind !== "waiting");
  if (told) tally.violations.push(`who has no place was told ${told.reply.kind}`);
  return holders;
}

const indexOf = (previews: readonly Scope[], { projectId }: Scope): number =>
  previews.findIndex((each) => each.projectId === projectId);

/** It gives its place back, and stands in no line. */
const failing = {
  operation: "failed",
  claim: "release",
  become: "failed",
  reason: "install-failed",
  wanted: "resting",
  check: "never",
} as const;
