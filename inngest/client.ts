/**
 * Owns the making of this app's Inngest client. Products that mount Rekindle pass their own client instead.
 * It must never be made at import: mode and keys are read from the environment when the runtime is built.
 * Fails closed: Inngest v4 is in cloud mode unless INNGEST_DEV says otherwise, and refuses calls without a signing key.
 */
import { Inngest } from "inngest";
import type { Log } from "@/lib/log";

export function createInngestClient(options: {
  readonly id: string;
  readonly log: Log;
  /** The Dev Server's (or embedded engine's) address; absent in production. */
  readonly devUrl?: string;
  readonly fetch?: typeof globalThis.fetch;
}): Inngest {
  const { log } = options;
  const logger = {
    debug: () => undefined,
    info: (fields: unknown, message?: unknown) => log.info({ inngest: fields }, String(message ?? "")),
    warn: (fields: unknown, message?: unknown) => log.warn({ inngest: fields }, String(message ?? "")),
    error: (fields: unknown, message?: unknown) => log.error({ inngest: fields }, String(message ?? "")),
  };
  return new Inngest({
    id: options.id,
    logger,
    // One step, one request: a step of ours may take its whole budget, and a step whose answer was lost is then
    // repeated alone, under its own renewed claim.
    checkpointing: false,
    ...(options.devUrl ? { isDev: true, baseUrl: options.devUrl } : {}),
    ...(options.fetch ? { fetch: options.fetch } : {}),
  });
}
