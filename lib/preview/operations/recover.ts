/**
 * Owns what a dead run left behind: when a run failed or was cancelled while it held a claim, the record says so at
 * once instead of waiting for the lease to lapse. It must never touch a claim that another worker holds by now.
 * Fails closed: catalogue errors; the sweep does the same a little later.
 */
import type { LeaseId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Snapshot } from "../record";
import { fail } from "./settle";

export type RecoverOutcome =
  /** The dead run held the claim; the state is honest now. */
  | { readonly kind: "marked"; readonly snapshot: Snapshot }
  /** It held nothing, or another worker has taken over: nothing was changed. */
  | { readonly kind: "nothing-held" };

export async function recover(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<RecoverOutcome> {
  const { snapshot } = await runtime.store.read(scope);
  const { record } = snapshot;
  if (record.leaseId !== leaseId) return { kind: "nothing-held" };
  if (record.state !== "starting" && record.state !== "resuming") return { kind: "nothing-held" };
  const marked = await fail(runtime, { scope, leaseId, epoch: record.epoch }, "run-failed");
  return { kind: "marked", snapshot: marked };
}
