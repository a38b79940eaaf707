/**
 * Owns how the environment becomes a Rekindle, for the app and for the command line. It must never read the environment
 * itself, nor decide who may use what it makes: that is each caller's. Fails closed: `ConfigurationError`.
 */
import type { Inngest } from "inngest";
import { createInngestClient } from "@/inngest/client";
import { appId, previewUrlTemplate } from "@/inngest.config";
import { createRekindle, type Rekindle } from "@/lib";
import type { Environment } from "@/lib/env";
import type { Log } from "@/lib/log";
import { folderProjects } from "@/lib/workspace/folder-projects";

export interface FromEnvironment {
  readonly rekindle: Rekindle;
  /** The client that the functions are of. */
  readonly client: Inngest.Any;
}

/** @throws ConfigurationError */
export function rekindleFromEnvironment(environment: Environment, log: Log): FromEnvironment {
  const devUrl = devUrlOf(environment);
  const client = createInngestClient({ id: appId, log, ...(devUrl ? { devUrl } : {}) });
  const rekindle = createRekindle({
    environment: environment.REKINDLE_ENV,
    inngest: client,
    log,
    policy: environment.REKINDLE_POLICY ?? {},
    redis: { url: environment.UPSTASH_REDIS_REST_URL, token: environment.UPSTASH_REDIS_REST_TOKEN },
    e2b: e2bOf(environment),
    preview: {
      urlTemplate: environment.PREVIEW_URL_TEMPLATE ?? previewUrlTemplate,
      ...(environment.PREVIEW_CONNECT_TO ? { connectTo: environment.PREVIEW_CONNECT_TO } : {}),
    },
    files: folderProjects(environment.PROJECTS_FOLDER),
    ...(environment.E2B_WEBHOOK_SECRET ? { webhookSecrets: environment.E2B_WEBHOOK_SECRET } : {}),
  });
  return { rekindle, client };
}

function e2bOf(environment: Environment) {
  const { E2B_API_KEY, E2B_TEMPLATE, E2B_API_URL, E2B_SANDBOX_URL, E2B_DOMAIN } = environment;
  return {
    apiKey: E2B_API_KEY,
    ...(E2B_TEMPLATE ? { template: E2B_TEMPLATE } : {}),
    ...(E2B_API_URL ? { apiUrl: E2B_API_URL } : {}),
    ...(E2B_SANDBOX_URL ? { sandboxUrl: E2B_SANDBOX_URL } : {}),
    ...(E2B_DOMAIN ? { domain: E2B_DOMAIN } : {}),
  };
}

/** INNGEST_DEV is an address, or a switch that the SDK reads by itself (then it looks at its usual local port). */
function devUrlOf({ INNGEST_DEV }: Environment): string | undefined {
  return INNGEST_DEV !== undefined && /^https?:\/\//.test(INNGEST_DEV) ? INNGEST_DEV : undefined;
}
