/**
 * Owns the words in which is told what an audit found and what forgetting removed. Pure; cannot fail; the compiler
 * refuses a finding without words.
 */
import type { AuditFinding, AuditReport } from "@/lib/preview/operations/audit";
import type { Receipt } from "@/lib/preview/operations/forget";
import { nameOf } from "./answer";
import { tableText } from "./render";
import type { Terminal } from "./terminal";

type Tense = "was" | "would be";

const findingWords: Readonly<Record<AuditFinding["kind"], (tense: Tense) => string>> = {
  rebuilt: (tense) => `no record of it: one ${tense} made from its labels`,
  "orphan-paused": (tense) => `no record names it: it ${tense} paused`,
  "orphan-killed": (tense) => `it never was anybody's preview: it ${tense} killed`,
  vanished: (tense) => `the provider has it no more: that ${tense} written down`,
  "looked-at": (tense) => `record and provider differ: it ${tense} looked at`,
  kept: () => "its retention is over, but its files are not known to be safe: it stays",
  unreadable: () => "its labels are ours and do not read as a preview's: it is left alone",
};

export function auditText(report: AuditReport, colors: Terminal["colors"]): string {
  const tense = report.isDryRun ? "would be" : "was";
  const rows = report.findings.map((finding) => [
    finding.sandboxId,
    "scope" in finding ? nameOf(finding.scope) : "",
    findingWords[finding.kind](tense),
  ]);
  const count = Object.values(report.counts).reduce((sum, each) => sum + each, 0);
  const found = count === 0 ? "all is as it should be" : `${count} to look at`;
  const rest = count > rows.length ? `… and ${count - rows.length} more.\n` : "";
  const cut = report.isCutShort ? "More is to be stopped than one pass may: run it again to go on.\n" : "";
  const dry = report.isDryRun ? "A dry run: nothing was changed.\n" : "";
  const table = rows.length === 0 ? "" : tableText(["sandbox", "preview", "finding"], rows, colors);
  const sandboxes = `${report.sandboxes} sandbox${report.sandboxes === 1 ? "" : "es"}`;
  return `${sandboxes} of ours at the provider: ${found}.\n${table}${rest}${cut}${dry}`;
}

export function receiptText(receipt: Receipt, colors: Terminal["colors"]): string {
  const rows = receipt.previews.map((each) => [
    nameOf(each.scope),
    [...each.sandboxes, ...each.snapshots].join("\n"),
    each.hadRecord ? `yes, and ${each.historyEntries} entries of history` : "there was none",
    savesWords[each.productSaves ?? "not-asked"],
  ]);
  const head = ["preview", "sandboxes and snapshots", "record", "the product's saves"];
  const table = rows.length === 0 ? "There was no preview to forget.\n" : tableText(head, rows, colors);
  return `${table}${receipt.isUserForgotten ? "What was kept of the user is gone as well; a suspension stays in force.\n" : ""}`;
}

const savesWords = {
  removed: "removed",
  "not-supported": "stay: the product removes none",
  "not-asked": "",
} as const;
