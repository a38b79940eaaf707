/**
 * Owns counting what the provider runs, ours and everybody else's of the account. It must never hold anything up. Fails
 * open: without an answer there is no count, and whoever asked goes by the last one.
 */
import { RekindleError } from "@/lib/errors";
import type { Runtime } from "@/lib/runtime";
import type { Counted } from "@/lib/store/fleet";

export async function countRunning({
  sandboxes,
  appId,
  environment,
  log,
}: Runtime): Promise<Counted | undefined> {
  try {
    return await sandboxes.count({ app: appId, env: environment });
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error;
    log.warn({ code: error.code, ...error.safeDetails }, "what runs could not be counted");
    return undefined;
  }
}
