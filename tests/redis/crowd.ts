/**
 * Owns the moment in which all claim at once, from this process or from several: what each was told. It must never let one
 * claim before the others are asked to. Fails as the store does, and when a process ends.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type LeaseId, parseLeaseId, parseScope } from "@/lib/ids";
import type { ClaimRequest, PreviewStore } from "@/lib/store/store";
import type { Place } from "./ways";

export const scope = parseScope("contended", "everybody");

export const turnSchema = z.enum(["open", "sync", "pause"]);
export type Turn = z.infer<typeof turnSchema>;

export const outcomeSchema = z.object({
  contender: z.number(),
  told: z.string(),
  /** Of who was granted. */
  epoch: z.number().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** Everybody's claim in a round. */
export type Crowd = (round: number, turn: Turn) => Promise<readonly Outcome[]>;

export const leaseOf = (round: number, contender: number): LeaseId =>
  parseLeaseId(`round-${round}-contender-${contender}`);

export function requestOf(kind: Turn, leaseId: LeaseId): ClaimRequest {
  switch (kind) {
    case "open":
      return { kind, leaseId, isByPerson: true, bootId: `boot-of-${leaseId}` };
    case "sync":
      return { kind, leaseId };
    case "pause":
      return { kind, leaseId, isForced: true, reason: "asked" };
  }
}

/** Of this process; the first store is the contender of number `from`. */
export const crowdOf =
  (stores: readonly PreviewStore[], from = 0): Crowd =>
  (round, turn) =>
    Promise.all(
      stores.map(async (store, index): Promise<Outcome> => {
        const contender = from + index;
        const reply = await store.claim(scope, requestOf(turn, leaseOf(round, contender)));
        return {
          contender,
          told: reply.kind,
          ...(reply.kind === "granted" ? { epoch: reply.lease.epoch } : {}),
        };
      }),
    );

/** The same number of contenders, shared out among processes of their own. */
export async function crowdOfProcesses(place: Place, contenders: number, processes: number) {
  const each = Math.ceil(contenders / processes);
  const children = Array.from({ length: processes }, () =>
    fork(fileURLToPath(new URL("./crowd-process.ts", import.meta.url)), { execArgv: ["--import", "tsx"] }),
  );
  await Promise.all(
    children.map(async (child, index) => {
      child.send({ place, from: index * each, to: Math.min(contenders, (index + 1) * each) });
      await answerOf(child);
    }),
  );
  const crowd: Crowd = async (round, turn) => {
    const answers = children.map(answerOf);
    for (const child of children) child.send({ round, turn });
    return (await Promise.all(answers)).flatMap((answer) => z.array(outcomeSchema).parse(answer));
  };
  return {
    crowd,
    stop(): void {
      for (const child of children) child.kill();
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  try {
    const gone = once(child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("a process of contenders ended");
    });
    const [answer]: unknown[] = await Promise.race([once(child, "message", { signal: ended.signal }), gone]);
    return answer;
  } finally {
    ended.abort();
  }
}
