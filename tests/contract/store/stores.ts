/**
 * Owns a store for one suite: the shipping scripts through the real @upstash/redis SDK, before the in-process engine on
 * a virtual clock, or before a real redis-server, whose clock nobody moves. Suites that hold on both age what is stored
 * instead of waiting. A missing redis-server leaves its half out, and `findBackends` says so.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as UpstashClient } from "@upstash/redis";
import { policy as shippedPolicy } from "@/inngest.config";
import { systemClock } from "@/lib/clock";
import {
  type LeaseId,
  parseHoldKey,
  parseLeaseId,
  parseScope,
  parseViewerId,
  type Scope,
  sandboxIdSchema,
} from "@/lib/ids";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { silentLog } from "@/lib/log";
import type { Policy } from "@/lib/preview/policy";
import { systemRandom } from "@/lib/random";
import { upstashRedis } from "@/lib/redis";
import { keysOf } from "@/lib/store/keys";
import { redisAudit } from "@/lib/store/redis-audit";
import { redisFleet } from "@/lib/store/redis-fleet";
import { redisStore } from "@/lib/store/redis-store";
import type { ClaimReply, ClaimRequest, Commit, Lease, PreviewStore } from "@/lib/store/store";
import { findBackends } from "@/tests/support/backends";

export type EngineName = "memory" | "redis-server";

export async function availableEngines(): Promise<readonly EngineName[]> {
  const { redisServer } = await findBackends();
  return redisServer === undefined ? ["memory"] : ["memory", "redis-server"];
}

export const environment = "contract";
/** Places for all of them: what a full plan does has tests of its own. */
export const policy = { ...shippedPolicy, planConcurrency: 10_000 };
export const scope = parseScope("p1", "u1");
export const viewer = (name: string) => parseViewerId(name);
export const holdOf = (name: string) => parseHoldKey(name);
export const leaseOf = (name: string): LeaseId => parseLeaseId(`lease-of-${name}`);
export const sandboxA = sandboxIdSchema.parse("iaaaaaaaaaaaaaaaaaaaa");
export const sandboxB = sandboxIdSchema.parse("ibbbbbbbbbbbbbbbbbbbb");

const readAll = { name: "read-all", lua: "return redis.call('HGETALL', KEYS[1])" };

export type StoreUnderTest = Awaited<ReturnType<typeof startStore>>;

export async function startStore(engine: EngineName, policyOf: Policy = policy) {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-store-"));
  const clock = new VirtualClock();
  const upstash = await startUpstash({
    clock: engine === "memory" ? clock : systemClock,
    random: systemRandom,
    log: silentLog,
    folder,
    engine,
  });
  const { url, token } = upstash;
  const sdk = new UpstashClient({ url, token, retry: { retries: 0 }, automaticDeserialization: false });
  const redis = upstashRedis({ url, token, deadlineMs: 10_000 });
  const newStore = (): PreviewStore =>
    redisStore(upstashRedis({ url, token, deadlineMs: 10_000 }), environment, policyOf);
  const store = newStore();
  const keyOf = (of: Scope, index: 0 | 1 | 2 | 3 | 4 | 5 | 6 = 0) => keysOf(environment, of).all[index];

  return {
    store,
    fleet: redisFleet(redis, environment, policyOf),
    audits: redisAudit(redis, environment, policyOf),
    /** A worker of its own, with its own client. */
    newStore,
    sdk,
    clock,
    upstash,
    keyOf,
    stop: async () => {
      await upstash.stop();
      await rm(folder, { recursive: true, force: true });
    },

    /** The hash as it stands. Through a script: without its conversions the SDK answers HGETALL as a flat list. */
    async raw(of: Scope = scope): Promise<Record<string, string>> {
      const flat = await redis.runScript(readAll, [keyOf(of)], []);
      const fields: Record<string, string> = {};
      if (!Array.isArray(flat)) throw new Error("HGETALL answered no list");
      for (let index = 0; index < flat.length; index += 2)
        fields[String(flat[index])] = String(flat[index + 1]);
      return fields;
    },
    /** As if the field had been written otherwise, by another version or long ago. */
    overwrite: (fields: Record<string, string>, of: Scope = scope) => sdk.hset(keyOf(of), fields),
    /** As if the claim had not been renewed for too long. */
    lapse: (of: Scope = scope) => sdk.hset(keyOf(of), { leaseUntil: "1000000000000" }),
    dueAt: async (of: Scope = scope): Promise<number | undefined> => {
      const score = await sdk.zscore(keyOf(of, 2), `${of.projectId}/${of.userId}`);
      return score === null ? undefined : Number(score);
    },

    open: (name: string, extra: Partial<Extract<ClaimRequest, { kind: "open" }>> = {}, of: Scope = scope) =>
      store.claim(of, {
        kind: "open",
        leaseId: leaseOf(name),
        isByPerson: true,
        bootId: `boot-${name}`,
        ...extra,
      }),

    /** A preview that runs, its claim released. */
    async running(of: Scope = scope, sandboxId = sandboxA): Promise<Lease> {
      const lease = leaseGranted(
        await store.claim(of, { kind: "open", leaseId: leaseOf("boot"), isByPerson: true, bootId: "b0" }),
      );
      const { now } = (await store.read(of)).snapshot;
      await store.commit(lease, {
        operation: "up",
        claim: "release",
        become: "running",
        set: { sandboxId, runStartedAt: now, endsAt: now + policy.keepAliveMs, port: 3000 },
        check: { inMs: policy.idleAfterMs },
      });
      return lease;
    },
  };
}

/** @throws when the claim was not granted. */
export function leaseGranted(reply: ClaimReply): Lease {
  if (reply.kind !== "granted") throw new Error(`the claim was answered with "${reply.kind}"`);
  return reply.lease;
}

/** A commit that only marks. */
export const marking = (operation: string, extra: Partial<Commit> = {}): Commit => ({
  operation,
  claim: "hold",
  check: { inMs: policy.leaseMs },
  ...extra,
});
