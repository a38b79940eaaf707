/**
 * Owns one page of an audit, either way round: a page of the provider's list against the records, and what records name
 * against the provider. It reads and marks what it has seen, and says what is to be done; it must never do it. One listing
 * and one script a page; only what no page had is asked for one by one. Fails closed with catalogue errors; repeating a
 * page is harmless.
 */
import type { SandboxId, Scope } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import type { ListedSandbox } from "@/lib/sandbox/port";
import type { LabelledSandbox, Pass, Standing } from "@/lib/store/audit-store";
import type { AuditFinding, Mend } from "./audit-findings";
import { judge, readLabels } from "./audit-judge";

export interface AuditedPage {
  /** Redis's time at the beginning of the pass. */
  readonly since: number;
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
  readonly sandboxes: number;
  readonly findings: readonly AuditFinding[];
  readonly mends: readonly Mend[];
  /** Somebody has to look at these. */
  readonly looks: readonly Scope[];
}

export async function auditPage(
  runtime: Runtime,
  pass: Pass,
  at: { readonly from?: string; readonly since?: number },
): Promise<AuditedPage> {
  const { appId: app, environment: env, sandboxes, audits } = runtime;
  const page = await sandboxes.listPage({ app, env }, at.from);
  const read = page.sandboxes.map((listed) => ({ listed, read: readLabels(listed, oursOf(runtime)) }));
  const ours = read.flatMap(({ listed, read }) =>
    read.kind === "ours" ? [{ listed, sandbox: read.sandbox }] : [],
  );
  const { now, standings } = await audits.compare(
    ours.map(({ sandbox }) => sandbox),
    pass,
  );
  const found = ours.map(({ listed, sandbox }, index) =>
    follow(runtime, now, listed, sandbox, standings[index]),
  );
  return {
    since: at.since ?? now,
    ...(page.next === undefined ? {} : { next: page.next }),
    sandboxes: page.sandboxes.length,
    findings: [
      ...read.flatMap(({ listed: { sandboxId }, read: { kind } }) =>
        kind === "unreadable" ? [{ kind, sandboxId }] : [],
      ),
      ...found.flatMap(({ findings }) => findings),
    ],
    mends: found.flatMap(({ mends }) => mends),
    looks: found.flatMap(({ looks }) => looks),
  };
}

const oursOf = ({ appId, environment, store }: Runtime) => ({
  appId,
  environment,
  previewIdOf: (scope: Scope) => store.previewIdOf(scope),
});

type Followed = Pick<AuditedPage, "findings" | "mends" | "looks">;

function follow(
  { policy }: Runtime,
  now: number,
  listed: ListedSandbox,
  sandbox: LabelledSandbox,
  standing: Standing | undefined,
): Followed {
  const { sandboxId, scope } = sandbox;
  const kept: AuditFinding[] =
    standing?.kind === "named" && standing.keptUntil !== undefined
      ? [{ kind: "kept", sandboxId, scope }]
      : [];
  switch (standing && judge(listed, standing, now, policy)) {
    case undefined:
    case "fine":
      return { findings: kept, mends: [], looks: [] };
    case "look":
      return { findings: [...kept, { kind: "looked-at", sandboxId, scope }], mends: [], looks: [scope] };
    case "stop":
      return {
        findings: [],
        mends: [{ kind: "stop", ...sandbox, isRunning: listed.state === "running" }],
        looks: [],
      };
    case "rebuild":
      return { findings: [], mends: [{ kind: "rebuild", sandboxId, scope }], looks: [] };
  }
}

export interface UnseenPage {
  /** How many of them to leave out next time; absent when there are no more. */
  readonly next?: number;
  readonly findings: readonly AuditFinding[];
  readonly looks: readonly Scope[];
}

/** So many at a time: each is asked for by itself, and a step has its budget. */
const UNSEEN_AT_ONCE = 25;

/**
 * What records name and no page had: gone, or one that moved between two pages, or one that was adopted and has no labels
 * of ours. Only a fresh answer counts, and another one before the record says so.
 */
export async function auditUnseen(
  runtime: Runtime,
  pass: Pass,
  at: { readonly since: number; readonly leaveOut: number },
): Promise<UnseenPage> {
  const { audits } = runtime;
  const { looked, isMore, sandboxes } = await audits.unseen(at.since, at.leaveOut, UNSEEN_AT_ONCE, pass);
  const findings: AuditFinding[] = [];
  const looks: Scope[] = [];
  let marked = 0;
  for (const { sandboxId, scope } of sandboxes) {
    const asked = await askFor(runtime, pass, sandboxId, scope);
    if (asked.isMarked) marked += 1;
    if (!asked.finding) continue;
    findings.push({ kind: asked.finding, sandboxId, scope });
    looks.push(scope);
  }
  return { findings, looks, ...(isMore ? { next: at.leaveOut + looked - marked } : {}) };
}

async function askFor(
  { audits, sandboxes, policy }: Runtime,
  pass: Pass,
  sandboxId: SandboxId,
  scope: Scope,
): Promise<{ finding?: "vanished" | "looked-at"; isMarked: boolean }> {
  const seen = await sandboxes.observe(sandboxId);
  if (seen.kind === "gone") return { finding: "vanished", isMarked: false };
  const listed =
    seen.kind === "running"
      ? { state: seen.kind, startedAt: seen.startedAt, endsAt: seen.endsAt }
      : { state: seen.kind, startedAt: seen.pausedAt, endsAt: seen.pausedAt };
  // Of epoch 0: what was adopted was not made under any claim of ours.
  const { now, standings } = await audits.compare([{ sandboxId, scope, epoch: 0 }], pass);
  const [standing] = standings;
  const isNamed = standing?.kind === "named";
  const isMarked = isNamed && pass.kind === "real";
  if (!isNamed || judge(listed, standing, now, policy) === "fine") return { isMarked };
  return { finding: "looked-at", isMarked };
}
