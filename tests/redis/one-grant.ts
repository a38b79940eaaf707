/**
 * Owns rounds in which many workers claim one preview at once: each has exactly one winner, under a higher epoch than any
 * before, and nobody else changes anything. What it believes it reads from the record over a connection that takes no part.
 * It must never repair what it finds. A violation is a sentence; the rounds go on.
 */
import { LeaseLostError } from "@/lib/errors";
import { keysOf } from "@/lib/store/keys";
import type { ClaimReply, Commit, Lease, PreviewStore } from "@/lib/store/store";
import { type Crowd, leaseOf, requestOf, scope, type Turn } from "./crowd";
import type { Stage } from "./stage";
import { environment } from "./ways";

const [recordKey] = keysOf(environment, scope).all;

/** How many of the losers go on as if they had won, in each round. */
const STUBBORN = 10;
/** In one round of so many the winner dies: its claim lapses, and all contend for what it left half done. */
const DEATH_EVERY = 7;

/** What is contended for in turn: a start or a wake, work inside it, its rest. */
const turns = ["open", "sync", "pause"] as const satisfies readonly Turn[];

export interface Tally {
  rounds: number;
  grants: number;
  busy: number;
  repeatsOfTheWinner: number;
  refusedRenewals: number;
  refusedCommits: number;
  takeovers: number;
  readonly roundMs: number[];
  readonly violations: string[];
}

/** `crowd` claims; `stores`, one for each contender, are what follows from it. */
export async function contend(
  stage: Stage,
  { crowd, stores }: { readonly crowd: Crowd; readonly stores: readonly PreviewStore[] },
  rounds: number,
): Promise<Tally> {
  const tally: Tally = {
    rounds: 0,
    grants: 0,
    busy: 0,
    repeatsOfTheWinner: 0,
    refusedRenewals: 0,
    refusedCommits: 0,
    takeovers: 0,
    roundMs: [],
    violations: [],
  };
  let [turn, before]: [number, Lease | undefined] = [0, undefined];
  for (let round = 0; round < rounds; round += 1) {
    const kind = turns[turn % turns.length] ?? "open";
    const begunAt = performance.now();
    const won = await oneRound(stage, { crowd, stores }, { round, kind, before }, tally);
    tally.roundMs.push(performance.now() - begunAt);
    tally.rounds += 1;
    if (!won) break;
    before = won.lease;
    if (round % DEATH_EVERY === DEATH_EVERY - 1) {
      await stage.witness.hset(recordKey, "leaseUntil", "1000000000000");
      tally.takeovers += 1;
      continue;
    }
    const released = await won.store.commit(won.lease, releasing(kind, round));
    if (released.kind !== "committed")
      tally.violations.push(`round ${round}: the winner's commit was ${released.kind}`);
    turn += 1;
  }
  return tally;
}

interface Round {
  readonly round: number;
  readonly kind: Turn;
  readonly before: Lease | undefined;
}

async function oneRound(
  stage: Stage,
  { crowd, stores }: { readonly crowd: Crowd; readonly stores: readonly PreviewStore[] },
  { round, kind, before }: Round,
  tally: Tally,
) {
  const { violations } = tally;
  const outcomes = await crowd(round, kind);
  if (outcomes.length !== stores.length) throw new Error(`only ${outcomes.length} claimed`);
  const granted = outcomes.filter(({ told }) => told === "granted");
  tally.grants += granted.length;
  tally.busy += outcomes.filter(({ told }) => told === "busy").length;
  if (granted.length !== 1) violations.push(`round ${round} (${kind}): ${granted.length} were granted`);
  const other = outcomes.find(({ told }) => told !== "granted" && told !== "busy");
  if (other) violations.push(`round ${round} (${kind}): a loser was told ${other.told}`);
  const [winner] = granted;
  const store = winner && stores[winner.contender];
  if (winner?.epoch === undefined || !store) return undefined;

  const lease: Lease = { scope, leaseId: leaseOf(round, winner.contender), epoch: winner.epoch };
  const epochBefore = before?.epoch ?? 0;
  if (lease.epoch !== epochBefore + 1)
    violations.push(`round ${round}: the epoch went from ${epochBefore} to ${lease.epoch}`);
  await afterwards(stores, { round, kind, before, lease, winner: winner.contender }, tally);
  const [epoch, leaseId] = await stage.witness.hmget(recordKey, "epoch", "leaseId");
  if (epoch !== String(lease.epoch) || leaseId !== lease.leaseId)
    violations.push(
      `round ${round}: the record has epoch ${epoch} of ${leaseId}, not ${lease.epoch} of ${lease.leaseId}`,
    );
  return { lease, store };
}

/** All at once: the winner asks again from everywhere, losers and the winner of the round before go on as if they held it. */
async function afterwards(
  stores: readonly PreviewStore[],
  { round, kind, before, lease, winner }: Round & { readonly lease: Lease; readonly winner: number },
  tally: Tally,
): Promise<void> {
  const { violations } = tally;
  const others = stores.flatMap((store, contender) => (contender === winner ? [] : [{ store, contender }]));
  const stubborn = Array.from(
    { length: STUBBORN },
    (_, index) => others[(round + index * 19) % others.length],
  );
  await Promise.all(
    stubborn.flatMap((loser) => {
      if (!loser) return [];
      const { store, contender } = loser;
      const own: Lease = { scope, leaseId: leaseOf(round, contender), epoch: lease.epoch };
      const pretended = contender % 2 === 0 || !before ? own : before;
      return [
        repeated(store, kind, lease).then((again) => {
          tally.repeatsOfTheWinner += 1;
          if (again !== lease.epoch)
            violations.push(`round ${round}: the winner asked again and was told ${again}`);
        }),
        isRefused(store.renewLease(pretended, { phase: "claimed" })).then((refused) => {
          if (refused) tally.refusedRenewals += 1;
          else violations.push(`round ${round}: a loser's lease was renewed`);
        }),
        store.commit(pretended, releasing(kind, `${round}-${contender}`)).then(({ kind: answer }) => {
          if (answer === "lost") tally.refusedCommits += 1;
          else violations.push(`round ${round}: a loser's commit was ${answer}`);
        }),
      ];
    }),
  );
}

async function repeated(store: PreviewStore, kind: Turn, { leaseId }: Lease): Promise<number | string> {
  const reply: ClaimReply = await store.claim(scope, requestOf(kind, leaseId));
  return reply.kind === "granted" ? reply.lease.epoch : reply.kind;
}

async function isRefused(renewal: Promise<unknown>): Promise<boolean> {
  try {
    await renewal;
    return false;
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    return true;
  }
}

/** What the holder has achieved, and the end of its claim. */
function releasing(kind: Turn, name: number | string): Commit {
  const common = { operation: `done-${name}`, claim: "release", check: "when-running" } as const;
  const now = Date.now();
  switch (kind) {
    case "open":
      return {
        ...common,
        become: "running",
        set: { sandboxId: "icontendedcontendedco", runStartedAt: now, endsAt: now + 3_600_000, port: 3000 },
      };
    case "sync":
      return common;
    case "pause":
      return { ...common, become: "paused", wanted: "resting", set: { pausedAt: now } };
  }
}
