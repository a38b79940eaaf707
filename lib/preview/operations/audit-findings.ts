/**
 * Owns what an audit can find, and how the findings of many pages become one report: counted all, kept a few. Pure. Ids
 * only, so that a step's result may hold them.
 */
import { z } from "zod";
import { projectIdSchema, sandboxIdSchema, userIdSchema } from "@/lib/ids";

const sandboxId = sandboxIdSchema;
export const scopeSchema = z.object({ projectId: projectIdSchema, userId: userIdSchema });

export const findingKinds = [
  "rebuilt",
  "orphan-paused",
  "orphan-killed",
  "vanished",
  "looked-at",
  "kept",
  "unreadable",
] as const;

export const findingSchema = z.discriminatedUnion("kind", [
  /** A record was made from the sandbox's labels. */
  z.object({ kind: z.literal("rebuilt"), sandboxId, scope: scopeSchema }),
  /** No record names it: paused. */
  z.object({ kind: z.literal("orphan-paused"), sandboxId, scope: scopeSchema }),
  /** It never was anybody's preview, or it was given up for good: killed. */
  z.object({ kind: z.literal("orphan-killed"), sandboxId, scope: scopeSchema }),
  /** The provider has no such sandbox any more. */
  z.object({ kind: z.literal("vanished"), sandboxId, scope: scopeSchema }),
  /** Record and provider differ in another way: looked at. */
  z.object({ kind: z.literal("looked-at"), sandboxId, scope: scopeSchema }),
  /** Kept beyond its retention, since its files are not known to be in the product's hands. */
  z.object({ kind: z.literal("kept"), sandboxId, scope: scopeSchema }),
  /** Its labels are ours and do not read as a preview's. */
  z.object({ kind: z.literal("unreadable"), sandboxId }),
]);

export type AuditFinding = z.infer<typeof findingSchema>;
export type FindingKind = AuditFinding["kind"];

export const countsSchema = z.partialRecord(z.enum(findingKinds), z.number());
export type FindingCounts = z.infer<typeof countsSchema>;

/** What one audit found and did. */
export interface AuditReport {
  readonly isDryRun: boolean;
  readonly sandboxes: number;
  /** All that was found; a kind that was not is left out. */
  readonly counts: FindingCounts;
  /** The first of them. */
  readonly findings: readonly AuditFinding[];
  /** More was to be stopped than one pass may: the next pass goes on. */
  readonly isCutShort: boolean;
}

/** A report is read by people, and stored with the run that made it. */
const MOST_FINDINGS = 200;

export const emptyReport = (isDryRun: boolean): AuditReport => ({
  isDryRun,
  sandboxes: 0,
  counts: {},
  findings: [],
  isCutShort: false,
});

/** What a page, or work on what it found, adds. */
export interface Found {
  readonly sandboxes?: number;
  readonly findings: readonly AuditFinding[];
  readonly isCutShort?: boolean;
}

export function withFound(report: AuditReport, found: Found): AuditReport {
  const counts = { ...report.counts };
  for (const { kind } of found.findings) counts[kind] = (counts[kind] ?? 0) + 1;
  return {
    ...report,
    sandboxes: report.sandboxes + (found.sandboxes ?? 0),
    counts,
    findings: [...report.findings, ...found.findings].slice(0, MOST_FINDINGS),
    isCutShort: report.isCutShort || found.isCutShort === true,
  };
}

/** Something to be done about a sandbox, by a step of its own. */
export const mendSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("stop"),
    sandboxId,
    scope: scopeSchema,
    epoch: z.number(),
    ticket: z.string().optional(),
    isRunning: z.boolean(),
  }),
  z.object({ kind: z.literal("rebuild"), sandboxId, scope: scopeSchema }),
]);
export type Mend = z.infer<typeof mendSchema>;

export const isStop = (mend: Mend): mend is Extract<Mend, { kind: "stop" }> => mend.kind === "stop";
