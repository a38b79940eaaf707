/**
 * Owns what an audit does about what it found: records are made anew, and what nobody's record names is marked and then
 * paused or killed, a few in one pass. It must never stop what it was only told of a while ago: each is decided and marked
 * anew at one moment. Fails open: what could not be done is logged by code and left for the next pass, and keeps nothing
 * else from being done.
 */
import { RekindleError } from "@/lib/errors";
import { type LeaseId, parseLeaseId, type Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Pass } from "@/lib/store/audit-store";
import { type AuditFinding, isStop, type Mend } from "./audit-findings";
import { rebuild } from "./rebuild";

export interface Mended {
  /** How many of them were done with, from the first on; at least one. */
  readonly done: number;
  readonly stops: number;
  readonly findings: readonly AuditFinding[];
  readonly looks: readonly Scope[];
  /** Some that were to be stopped are left for the next pass. */
  readonly isCutShort: boolean;
}

/** Until the step's budget is used up. `stopsLeft`: how many may still be stopped in this pass. */
export async function mend(
  runtime: Runtime,
  pass: Pass,
  mends: readonly Mend[],
  { passId, stopsLeft }: { readonly passId: string; readonly stopsLeft: number },
): Promise<Mended> {
  const latest = runtime.clock.now() + runtime.policy.stepBudgetMs / 2;
  const findings: AuditFinding[] = [];
  const looks: Scope[] = [];
  let [done, stops, isCutShort] = [0, 0, false];
  for (const each of mends) {
    if (done > 0 && runtime.clock.now() >= latest) break;
    done += 1;
    if (isStop(each) && stops >= stopsLeft) {
      isCutShort = true;
      continue;
    }
    const made = await attempt(runtime, each.kind, () => mendOne(runtime, pass, each, passId));
    if (made?.finding && isStop(each)) stops += 1;
    if (made?.finding) findings.push({ kind: made.finding, sandboxId: each.sandboxId, scope: each.scope });
    if (made?.toLook) looks.push(each.scope);
  }
  return { done, stops, findings, looks, isCutShort };
}

interface Made {
  readonly finding?: "rebuilt" | "orphan-killed" | "orphan-paused";
  readonly toLook?: boolean;
}

function mendOne(runtime: Runtime, pass: Pass, each: Mend, passId: string): Promise<Made> {
  return isStop(each)
    ? stop(runtime, pass, each)
    : remake(runtime, pass, each.scope, parseLeaseId(`audit-${passId}`));
}

async function attempt<T>(runtime: Runtime, what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RekindleError)) throw error;
    runtime.log.warn({ code: error.code, what, ...error.safeDetails }, "left for the next audit");
    return undefined;
  }
}

async function stop(
  { audits, sandboxes }: Runtime,
  pass: Pass,
  orphan: Extract<Mend, { kind: "stop" }>,
): Promise<Made> {
  const { isRunning, kind: _kind, ticket, ...sandbox } = orphan;
  const verdict = await audits.condemnOrphan(
    { ...sandbox, ...(ticket === undefined ? {} : { ticket }) },
    pass,
  );
  switch (verdict) {
    case "leave":
    case "held":
      return {};
    case "kill":
      if (pass.kind === "real") await sandboxes.kill(orphan.sandboxId);
      return { finding: "orphan-killed" };
    case "pause":
      if (!isRunning) return {};
      if (pass.kind === "real") await sandboxes.pause(orphan.sandboxId);
      return { finding: "orphan-paused" };
  }
}

async function remake(runtime: Runtime, pass: Pass, scope: Scope, leaseId: LeaseId): Promise<Made> {
  if (pass.kind === "dry") return { finding: "rebuilt" };
  const outcome = await rebuild(runtime, scope, leaseId);
  if (outcome.kind === "not-free") return {};
  return { finding: "rebuilt", toLook: outcome.kind === "to-open" };
}
