/**
 * Owns the audit as a durable function: hourly, or when an operator asks, the provider's list is compared with Redis both
 * ways, a step for each page, so that what dies goes on where it stopped. It must never act on more than it has just read,
 * nor stop more than a few in one pass. Fails open: what one pass leaves the next one finds. Step ids are stable literals
 * with the page's number.
 */
import { cron } from "inngest";
import { z } from "zod";
import { auditRequested, previewCheckDue } from "@/inngest/events";
import type { Scope } from "@/lib/ids";
import { countOthers, passOf } from "@/lib/preview/operations/audit";
import {
  type AuditReport,
  emptyReport,
  findingSchema,
  type Mend,
  mendSchema,
  scopeSchema,
  withFound,
} from "@/lib/preview/operations/audit-findings";
import { mend } from "@/lib/preview/operations/audit-mend";
import { auditPage, auditUnseen } from "@/lib/preview/operations/audit-page";
import type { Runtime } from "@/lib/runtime";
import { type Act, stepsOf } from "./step-outcome";

export const auditSandboxesId = "audit-sandboxes";

const findings = z.array(findingSchema).readonly();
const looks = z.array(scopeSchema).readonly();
const pageSchema = z.object({
  since: z.number(),
  next: z.string().optional(),
  sandboxes: z.number(),
  findings,
  mends: z.array(mendSchema).readonly(),
  looks,
});
const mendedSchema = z.object({
  done: z.number(),
  stops: z.number(),
  findings,
  looks,
  isCutShort: z.boolean(),
});
const unseenSchema = z.object({ next: z.number().optional(), findings, looks });

export const auditSandboxes = (runtime: Runtime) =>
  runtime.inngest.createFunction(
    {
      id: auditSandboxesId,
      triggers: [cron(runtime.flow.auditCron), auditRequested],
      retries: runtime.flow.retries,
    },
    async ({ event, step, runId, attempt, maxAttempts }) => {
      const act = stepsOf({ step, attempt, maxAttempts }, runtime.log);
      const asked = z.object({ isDryRun: z.boolean().optional() }).safeParse(event.data);
      const isDryRun = asked.success && asked.data.isDryRun === true;
      const ask = async (id: string, scopes: readonly Scope[]): Promise<void> => {
        if (isDryRun || scopes.length === 0) return;
        await step.sendEvent(
          id,
          scopes.map((scope) => previewCheckDue.create({ ...scope })),
        );
      };
      const report = await pass(runtime, { act, ask, passId: runId, isDryRun });
      runtime.log.info(
        { ...report.counts, sandboxes: report.sandboxes, isDryRun },
        "the sandboxes were audited",
      );
      return report;
    },
  );

interface Passing {
  readonly act: Act;
  readonly ask: (id: string, scopes: readonly Scope[]) => Promise<void>;
  readonly passId: string;
  readonly isDryRun: boolean;
}

/** `failed`: a step that retries did not help; what was found until then is told. */
type Ended = AuditReport & { readonly failed?: string };

async function pass(runtime: Runtime, passing: Passing): Promise<Ended> {
  const { act, ask, passId, isDryRun } = passing;
  const kind = passOf(passId, isDryRun);
  let report = emptyReport(isDryRun);
  let stopsLeft = runtime.policy.auditMostStops;
  let at: { from?: string | undefined; since?: number } = {};
  for (let number = 0; number === 0 || at.from !== undefined; number += 1) {
    const { from, since } = at;
    const page = await act(`page-${number}`, pageSchema, async () => {
      if (number === 0 && !isDryRun) await countOthers(runtime);
      return auditPage(runtime, kind, {
        ...(from === undefined ? {} : { from }),
        ...(since === undefined ? {} : { since }),
      });
    });
    if (page.kind !== "ok") return { ...report, failed: `page-${number}` };
    report = withFound(report, page.value);
    await ask(`look-${number}`, page.value.looks);
    let mends: readonly Mend[] = page.value.mends;
    for (let part = 0; mends.length > 0; part += 1) {
      const batch = mends;
      const mended = await act(`mend-${number}-${part}`, mendedSchema, () =>
        mend(runtime, kind, batch, { passId, stopsLeft }),
      );
      // One that cannot be mended must not keep the rest from it.
      if (mended.kind !== "ok") {
        mends = batch.slice(1);
        continue;
      }
      stopsLeft -= mended.value.stops;
      mends = batch.slice(mended.value.done);
      report = withFound(report, mended.value);
      await ask(`look-mended-${number}-${part}`, mended.value.looks);
    }
    at = { since: page.value.since, from: page.value.next };
  }
  return unseen(runtime, passing, report, at.since ?? 0);
}

async function unseen(
  runtime: Runtime,
  { act, ask, passId, isDryRun }: Passing,
  soFar: AuditReport,
  since: number,
): Promise<Ended> {
  let report = soFar;
  let leaveOut: number | undefined = 0;
  for (let number = 0; leaveOut !== undefined; number += 1) {
    const from: number = leaveOut;
    const page = await act(`unseen-${number}`, unseenSchema, () =>
      auditUnseen(runtime, passOf(passId, isDryRun), { since, leaveOut: from }),
    );
    if (page.kind !== "ok") return { ...report, failed: `unseen-${number}` };
    report = withFound(report, page.value);
    await ask(`look-unseen-${number}`, page.value.looks);
    leaveOut = page.value.next;
  }
  return report;
}
