/**
 * Owns the composition: the only place where adapters are built. Everything else gets its parts from a `Runtime`, so
 * the shipping code runs unchanged under test clocks and fakes. It must never hold state of its own and never be a
 * module-level value. Fails closed: options that contradict each other throw `ConfigurationError`, all at once.
 */
import type { Inngest } from "inngest";
import type { RecipeSource } from "./boot/prepare";
import { type ProbeResult, probe } from "./boot/probe";
import { type Clock, systemClock } from "./clock";
import { ConfigurationError } from "./errors";
import type { SandboxId } from "./ids";
import { jsonLog, type Log } from "./log";
import { type Policy, policyFaults } from "./preview/policy";
import { type PreviewAddress, previewAddress } from "./preview-address";
import { type Random, systemRandom } from "./random";
import { upstashRedis } from "./redis";
import { e2bSandboxes, type LentSandbox } from "./sandbox/e2b";
import type { Sandboxes } from "./sandbox/port";
import type { AuditStore } from "./store/audit-store";
import type { Directory } from "./store/directory";
import type { FleetStore } from "./store/fleet";
import { redisAudit } from "./store/redis-audit";
import { redisDirectory } from "./store/redis-directory";
import { redisFleet } from "./store/redis-fleet";
import { redisStore } from "./store/redis-store";
import type { PreviewStore } from "./store/store";
import { type IsFromE2b, signedByE2b } from "./webhooks/signature";
import type { ProjectFiles } from "./workspace/files";

/** When crons run, and how often steps are retried; data of `inngest.config.ts`. */
export interface FlowSettings {
  /** Five fields, or `TZ=… ` before them. */
  readonly sweepCron: string;
  readonly auditCron: string;
  /** For every step: one call, then this many more. */
  readonly retries: 0 | 1 | 2 | 3 | 4 | 5;
  /** How many starts may begin in a second, a whole number: the plan's rate of creates. */
  readonly createsPerSecond: number;
}

export interface Runtime {
  /** Separates one deployment's previews from another's: in keys and in the provider's metadata. */
  readonly environment: string;
  readonly appId: string;
  readonly inngest: Inngest.Any;
  readonly flow: FlowSettings;
  readonly store: PreviewStore;
  readonly fleet: FleetStore;
  readonly directory: Directory;
  readonly audits: AuditStore;
  readonly sandboxes: Sandboxes;
  /** The SDK's own live sandbox, for whoever holds the preview. @throws SandboxGoneError and others of the catalogue */
  lend(sandboxId: SandboxId): Promise<LentSandbox>;
  /** Whether a webhook's body is E2B's; absent when no secret was given. */
  readonly isFromE2b?: IsFromE2b;
  readonly files: ProjectFiles;
  readonly recipe?: RecipeSource;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  previewUrl(sandboxId: SandboxId, port: number): string;
  readonly previewAddress: PreviewAddress;
  /** Whether the dev server answers at its preview address. */
  probe(sandboxId: SandboxId, port: number, deadlineMs: number): Promise<ProbeResult>;
}

export interface RuntimeOptions {
  /** Lower-case letters, digits and hyphens. */
  readonly environment: string;
  readonly inngest: Inngest.Any;
  readonly policy: Policy;
  readonly flow: FlowSettings;
  readonly redis: { readonly url: string; readonly token: string };
  readonly e2b: {
    readonly apiKey: string;
    readonly template: string;
    readonly apiUrl?: string;
    readonly sandboxUrl?: string;
    readonly domain?: string;
  };
  readonly preview: {
    /** `{port}` and `{sandboxId}` stand for theirs, as in `https://{port}-{sandboxId}.e2b.app`. */
    readonly urlTemplate: string;
    /** "host:port" that probes connect to, where the preview's name does not resolve. */
    readonly connectTo?: string;
  };
  /** Of the webhook that was registered with E2B; several while one takes another's place. Without any, none is heard. */
  readonly webhookSecrets?: readonly string[];
  readonly files: ProjectFiles;
  readonly recipe?: RecipeSource;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

/** A decision must not wait long for Redis: a script takes milliseconds, and the caller can call again. */
const REDIS_DEADLINE_MS = 5_000;

export function createRuntime(options: RuntimeOptions): Runtime {
  const faults = optionFaults(options);
  if (faults.length > 0) throw new ConfigurationError(faults);
  const { environment, policy, preview, webhookSecrets = [] } = options;
  const sandboxes = e2bSandboxes({
    ...options.e2b,
    planConcurrency: policy.planConcurrency,
    keepAliveMs: policy.keepAliveMs,
    requestDeadlineMs: policy.stepBudgetMs,
  });
  const redis = upstashRedis({ ...options.redis, deadlineMs: REDIS_DEADLINE_MS });
  const address = previewAddress(preview.urlTemplate);
  const previewUrl = address.of;
  return {
    environment,
    appId: options.inngest.id,
    inngest: options.inngest,
    flow: options.flow,
    store: redisStore(redis, environment, policy),
    fleet: redisFleet(redis, environment, policy),
    directory: redisDirectory(redis, environment, policy),
    audits: redisAudit(redis, environment, policy),
    sandboxes,
    lend: sandboxes.lend,
    ...(webhookSecrets.length > 0 ? { isFromE2b: signedByE2b(webhookSecrets) } : {}),
    files: options.files,
    ...(options.recipe ? { recipe: options.recipe } : {}),
    policy,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? jsonLog,
    previewUrl,
    previewAddress: address,
    probe: (sandboxId, port, deadlineMs) =>
      probe(previewUrl(sandboxId, port), {
        deadlineMs,
        ...(preview.connectTo ? { connectTo: preview.connectTo } : {}),
      }),
  };
}

/** Shorter, and it could be guessed from one signed body. */
const LEAST_SECRET_LENGTH = 16;

function optionFaults({ environment, policy, preview, webhookSecrets = [] }: RuntimeOptions): string[] {
  const faults = policyFaults(policy);
  if (!/^[a-z0-9-]{1,40}$/.test(environment)) {
    faults.push(`environment "${environment}" must be 1 to 40 lower-case letters, digits or hyphens`);
  }
  for (const part of ["{sandboxId}", "{port}"]) {
    if (!preview.urlTemplate.includes(part)) faults.push(`the preview URL template lacks ${part}`);
  }
  if (webhookSecrets.some((secret) => secret.length < LEAST_SECRET_LENGTH)) {
    faults.push(`a secret of the webhook has fewer than ${LEAST_SECRET_LENGTH} characters`);
  }
  return faults;
}
