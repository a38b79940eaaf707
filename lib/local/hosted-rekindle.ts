/**
 * Owns a Rekindle that runs in this process over the local cloud, its functions served without a web framework: what
 * the demo and the tests use. Everything in it ships: only addresses, keys and the policy's numbers differ.
 * Fails closed: functions that the engine does not register are an error at once.
 */
import { serve } from "inngest/edge";
import { createInngestClient } from "@/inngest/client";
import { appId } from "@/inngest.config";
import type { Clock } from "@/lib/clock";
import { createRekindle, type Policy, type ProjectFiles, type Rekindle, type Runtime } from "@/lib/index";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { IN_PROCESS_APP } from "./inngest/start-inngest";
import { inProcessTransport } from "./inngest/transport";
import type { LocalCloud } from "./local-cloud";

export interface HostOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly environment: string;
  readonly policy: Policy;
  readonly flow?: Partial<Runtime["flow"]>;
  readonly files: ProjectFiles;
}

export async function hostRekindle(cloud: LocalCloud, options: HostOptions): Promise<Rekindle> {
  const { e2b, upstash, inngest } = cloud;
  const client = createInngestClient({ id: appId, log: options.log, devUrl: inngest.url });
  const rekindle = createRekindle({
    ...options,
    inngest: client,
    redis: { url: upstash.url, token: upstash.token },
    e2b: {
      apiKey: e2b.apiKey,
      apiUrl: e2b.apiUrl,
      sandboxUrl: e2b.sandboxUrl,
      domain: e2b.domain,
    },
    preview: {
      urlTemplate: `http://{port}-{sandboxId}.${e2b.domain}`,
      connectTo: `127.0.0.1:${e2b.previewPort}`,
    },
  });
  const outcome = await inngest.engine.connectApp({
    url: IN_PROCESS_APP,
    transport: inProcessTransport(serve({ client, functions: rekindle.functions })),
    resyncEveryMs: null,
  });
  if (outcome.kind !== "registered") {
    throw new Error(`The functions were not registered: ${JSON.stringify(outcome)}`);
  }
  return rekindle;
}
