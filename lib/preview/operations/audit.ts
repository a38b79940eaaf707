/**
 * Owns comparing the provider's list with Redis, both ways. (Its work follows.)
 */
import type { SandboxId, Scope } from "@/lib/ids";

/** What one audit found and did. Ids only. */
export interface AuditReport {
  readonly isDryRun: boolean;
  readonly sandboxes: number;
  readonly findings: readonly AuditFinding[];
  /** More was to be stopped than one pass may: the next pass goes on. */
  readonly isCutShort: boolean;
}

export type AuditFinding =
  /** A record was made from the sandbox's labels. */
  | { readonly kind: "rebuilt"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** No record names it: paused. */
  | { readonly kind: "orphan-paused"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** It never was anybody's preview: killed. */
  | { readonly kind: "orphan-killed"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** The provider has no such sandbox any more. */
  | { readonly kind: "vanished"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** Record and provider differ in another way: looked at. */
  | { readonly kind: "looked-at"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** Kept beyond its retention, since its files are not known to be in the product's hands. */
  | { readonly kind: "kept"; readonly sandboxId: SandboxId; readonly scope: Scope }
  /** Its labels are ours and do not read as a preview's. */
  | { readonly kind: "unreadable"; readonly sandboxId: SandboxId };
