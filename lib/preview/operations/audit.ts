/**
 * Owns a whole audit in one process, for an operator who waits for it; the cron's does the same, a durable step for each
 * page. The provider's list against the records, and what records name against the provider. It must never send an event:
 * whose preview somebody has to look at is told to the caller. Fails closed with catalogue errors; begun again it finds
 * what is left.
 */
import type { Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { Pass } from "@/lib/store/audit-store";
import { type AuditReport, emptyReport, type Found, withFound } from "./audit-findings";
import { mend } from "./audit-mend";
import { auditPage, auditUnseen } from "./audit-page";

export type { AuditFinding, AuditReport, FindingCounts } from "./audit-findings";

export interface Auditing {
  /** Names the pass, in claims and in what a dry run has seen: letters, digits and hyphens. */
  readonly passId: string;
  readonly isDryRun?: boolean;
  /** After each page: what there is so far, and whose previews have to be looked at; none in a dry run. */
  readonly told?: (soFar: AuditReport, looks: readonly Scope[]) => Promise<void> | void;
}

export async function audit(
  runtime: Runtime,
  { passId, isDryRun = false, told = () => undefined }: Auditing,
): Promise<AuditReport> {
  const pass = passOf(passId, isDryRun);
  let report = emptyReport(isDryRun);
  let stopsLeft = runtime.policy.auditMostStops;
  const add = async (found: Found, looks: readonly Scope[]) => {
    report = withFound(report, found);
    await told(report, isDryRun ? [] : looks);
  };
  if (!isDryRun) await countOthers(runtime);
  let at: { from?: string; since?: number } = {};
  do {
    const page = await auditPage(runtime, pass, at);
    await add(page, page.looks);
    let { mends } = page;
    while (mends.length > 0) {
      const mended = await mend(runtime, pass, mends, { passId, stopsLeft });
      stopsLeft -= mended.stops;
      mends = mends.slice(mended.done);
      await add(mended, mended.looks);
    }
    at = { since: page.since, ...(page.next === undefined ? {} : { from: page.next }) };
  } while (at.from !== undefined);
  const { since = 0 } = at;
  for (let leaveOut: number | undefined = 0; leaveOut !== undefined; ) {
    const unseen = await auditUnseen(runtime, pass, { since, leaveOut });
    await add(unseen, unseen.looks);
    leaveOut = unseen.next;
  }
  return report;
}

export const passOf = (passId: string, isDryRun: boolean): Pass =>
  isDryRun ? { kind: "dry", passId } : { kind: "real" };

/** What the account runs beside us is not there to be shared out. */
export async function countOthers({
  appId: app,
  environment: env,
  sandboxes,
  fleet,
}: Runtime): Promise<void> {
  await fleet.recordCount(await sandboxes.count({ app, env }));
}
