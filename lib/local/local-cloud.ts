/**
 * Owns the three stand-ins together: started in an order in which each finds what it needs, stopped in the reverse. It
 * must never leave one running when another could not start. Fails closed: the first that cannot start ends the rest.
 */
import { join } from "node:path";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { type LocalE2b, startE2b } from "./e2b/start-e2b";
import { type LocalInngest, startInngest } from "./inngest/start-inngest";
import { type LocalUpstash, startUpstash } from "./upstash/start-upstash";

export interface LocalCloud {
  readonly e2b: LocalE2b;
  readonly upstash: LocalUpstash;
  readonly inngest: LocalInngest;
  stop(): Promise<void>;
}

export interface LocalCloudOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Absolute; everything that the stand-ins write stands below it. */
  readonly folder: string;
  readonly redisEngine: "auto" | "memory" | "redis-server";
  /** Of the sandbox plan; E2B's Hobby when absent. */
  readonly plan?: { readonly maxRunMs?: number; readonly maxConcurrent?: number };
  /** Serve handlers to sync with; empty when an app in this process is connected later. */
  readonly appUrls: readonly string[];
}

export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { clock, random, log, folder, plan } = options;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const service of started.splice(0).reverse()) await service.stop();
  };
  const keep = <T extends { stop(): Promise<void> }>(service: T): T => {
    started.push(service);
    return service;
  };
  try {
    const e2b = keep(
      await startE2b({ clock, random, log, rootFolder: join(folder, "e2b"), ...(plan ? { plan } : {}) }),
    );
    const upstash = keep(
      await startUpstash({ clock, random, log, folder: join(folder, "redis"), engine: options.redisEngine }),
    );
    const inngest = keep(await startInngest({ clock, random, log, appUrls: options.appUrls }));
    return { e2b, upstash, inngest, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
