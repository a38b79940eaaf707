/**
 * Owns telling that a user comes near the end of the time that their sandboxes may run: at each step once in a period. It
 * costs nothing where nothing is limited. It must never keep an extension from being made: it comes after it, in its step,
 * and a repeated step tells nothing twice.
 */
import { userUsageReached } from "@/inngest/events";
import type { Scope } from "@/lib/ids";
import { usageNotice } from "@/lib/preview/usage";
import type { Runtime } from "@/lib/runtime";

export async function tellUsage(runtime: Runtime, scope: Scope): Promise<void> {
  const { policy, store } = runtime;
  if (policy.maxRunMsPerUserDay === 0 && policy.maxRunMsPerUserMonth === 0) return;
  const { snapshot } = await store.read(scope);
  const notice = usageNotice(snapshot, policy);
  if (!notice) return;
  const { period, step, usedMs, limitMs, resetsAt } = notice;
  const name = `${period}-${resetsAt}-${step}`;
  if (await store.usageTold(scope, name, false)) return;
  const { userId } = scope;
  await runtime.inngest.send(
    userUsageReached.create(
      { userId, period, percent: step, usedMs, limitMs, resetsAt },
      { id: `user-usage-${runtime.environment}-${userId}-${name}` },
    ),
  );
  await store.usageTold(scope, name, true);
}
