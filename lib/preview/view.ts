/**
 * Owns what a person is shown of a preview: one plain object made from a snapshot, in which every time is the server's
 * and comes with the server's now, so that a browser with a wrong clock still counts right. Pure; cannot fail.
 * It holds no token and no internal id but the sandbox's own, which is part of the address anyway.
 */
import type { SandboxId } from "../ids";
import { restsAt } from "./decide";
import type { Policy } from "./policy";
import type { HelpfulAction, Reason } from "./reasons";
import {
  type CameBack,
  isClaimed,
  isRunOver,
  type Phase,
  type PreviewRecord,
  type Snapshot,
  sandboxOf,
} from "./record";
import { shownReason } from "./shown-reason";
import { cameBackTitle, phaseTitles } from "./titles";
import type { State } from "./transitions";
import { type UsageNotice, usageNotice } from "./usage";
import { type Warning, warningFor } from "./warning";

export interface PreviewView {
  readonly projectId: string;
  readonly userId: string;
  readonly state: State;
  readonly reason: { readonly code: Reason; readonly title: string; readonly message: string };
  /** What the person can do now; `none` while somebody is at work on it or it runs. */
  readonly action: HelpfulAction;
  /** Where it answers; only while it runs. */
  readonly url?: string;
  readonly sandboxId?: string;
  /** Of what stands in the sandbox; at rest, of what stood in it last. */
  readonly files?: ShownFiles;
  /** The step under way, while it starts, resumes or is being paused. */
  readonly step?: { readonly phase: Phase; readonly title: string; readonly startedAt: number };
  /** The whole way of a start, in order, so that a person sees what is behind and what is ahead. */
  readonly steps?: readonly StartStep[];
  /** When the whole wait began, while it starts or resumes. */
  readonly waitingSince?: number;
  /** The last lines of the install or of the dev server, while it starts and after it failed. */
  readonly logTail?: string;
  readonly cameBack?: {
    readonly how: CameBack;
    readonly title: string;
    /** When its processes came to run for whoever waited: a renewal that keeps them does not move it. */
    readonly at: number;
    readonly tookMs: number;
  };
  /** While it waits for a place: its position from 1, 0 once one is offered, and how long that may take where known. */
  readonly line?: { readonly position: number; readonly waitMs?: number; readonly since: number };
  /** While its run is renewed: it is away for about so long, with memory and processes kept. */
  readonly renewal?: { readonly estimateMs: number; readonly startedAt: number };
  /** While it runs and an end is near. */
  readonly warning?: Warning;
  /** While it runs: when it goes to rest if nobody does anything, and the end that the provider has confirmed. */
  readonly restsAt?: number;
  readonly providerEndsAt?: number;
  readonly pausedAt?: number;
  readonly viewers: number;
  /** Agents at work, and when the last of them has to be done. */
  readonly holds: number;
  readonly heldUntil?: number;
  /** From 80 % of a limit on how long its user's sandboxes may run. */
  readonly usage?: UsageNotice;
  readonly serverNow: number;
  readonly beatEveryMs: number;
}

export interface ShownFiles {
  readonly revision: string;
  /** When they were last known to be in the product's hands. */
  readonly savedAt?: number;
  /** How many could not be given back at the last try. */
  readonly unsaved?: number;
  /** When a newer revision was announced that is not in the sandbox yet. */
  readonly syncAskedAt?: number;
}

export interface StartStep {
  readonly phase: Phase;
  readonly title: string;
  readonly standing: "done" | "current" | "ahead";
}

/** What a start goes through; a resume skips most of it and shows only its current step. */
const startPhases: readonly Phase[] = ["sandbox", "files", "install", "start", "answer"];

type PreviewUrl = (sandboxId: SandboxId, port: number) => string;

export function viewOf(
  snapshot: Snapshot,
  parts: { readonly policy: Policy; readonly logTail: string; readonly previewUrl: PreviewUrl },
): PreviewView {
  const { record, now, viewers, holds } = snapshot;
  const { policy, logTail, previewUrl } = parts;
  const sandboxId = sandboxOf(record);
  const isOver = isRunOver(snapshot);
  const { code, title, message, action } = shownReason(snapshot);
  const usage = usageNotice(snapshot, policy);
  // Moving and yet nobody's work: its worker vanished, and whoever asks takes over.
  const isOpenable = (record.state !== "running" || isOver) && !isClaimed(snapshot);
  return {
    projectId: record.projectId,
    userId: record.userId,
    state: isOver ? "paused" : record.state,
    reason: { code, title, message },
    action: isOpenable && !withoutButton.has(code) ? restingAction(action) : "none",
    viewers,
    holds,
    serverNow: now,
    beatEveryMs: policy.beatEveryMs,
    ...(sandboxId ? { sandboxId } : {}),
    ...(usage ? { usage } : {}),
    ...filesOf(record),
    ...(holds > 0 && record.heldUntil !== undefined ? { heldUntil: record.heldUntil } : {}),
    ...lineOf(snapshot),
    ...(isOver ? {} : runningOf(snapshot, policy, previewUrl)),
    ...pausedOf(record, isOver),
    ...(isMoving(record.state) ? waitOf(record, policy) : {}),
    ...(logTail && (record.state === "starting" || record.state === "failed") ? { logTail } : {}),
  };
}

function lineOf({ record, line, now }: Snapshot): Partial<PreviewView> {
  return line ? { line: { ...line, since: record.waitingSince ?? now } } : {};
}

function runningOf(snapshot: Snapshot, policy: Policy, previewUrl: PreviewUrl): Partial<PreviewView> {
  const { record } = snapshot;
  if (record.state !== "running") return {};
  const warning = warningFor(snapshot, policy);
  return {
    url: previewUrl(record.sandboxId, record.port),
    ...(snapshot.isEverythingHeld ? {} : { restsAt: restsAt(snapshot, policy) }),
    providerEndsAt: record.endsAt,
    ...(warning ? { warning } : {}),
    ...cameBackOf(record),
  };
}

function pausedOf(record: PreviewRecord, isOver: boolean): Partial<PreviewView> {
  if (record.state === "paused") return { pausedAt: record.pausedAt };
  return record.state === "running" && isOver ? { pausedAt: record.endsAt } : {};
}

function filesOf({ revision, savedAt, unsaved, syncAskedAt }: PreviewRecord): Partial<PreviewView> {
  if (!revision) return {};
  return {
    files: {
      revision,
      ...(savedAt === undefined ? {} : { savedAt }),
      ...(unsaved ? { unsaved } : {}),
      ...(syncAskedAt === undefined ? {} : { syncAskedAt }),
    },
  };
}

/** What stands in line starts by itself, and who is suspended can do nothing about it. */
const withoutButton: ReadonlySet<Reason> = new Set(["no-place", "suspended"]);

/** At rest there is always a way back; a reason that offers none by itself is opened again. */
const restingAction = (action: HelpfulAction): HelpfulAction => (action === "none" ? "open" : action);

const isMoving = (state: State): boolean =>
  state === "starting" || state === "resuming" || state === "pausing";

function waitOf(record: PreviewRecord, policy: Policy): Partial<PreviewView> {
  const phase = record.phase ?? "claimed";
  const startedAt = record.phaseAt ?? record.changedAt;
  const waitingSince = record.claimedAt ?? record.changedAt;
  const estimateMs = record.renewTookMs ?? policy.renewEstimateMs;
  return {
    step: { phase, title: phaseTitles[phase], startedAt },
    waitingSince,
    ...(isRenewing(record) ? { renewal: { estimateMs, startedAt: waitingSince } } : {}),
    ...(record.state === "starting" && phase !== "tidy" ? { steps: stepsOf(phase) } : {}),
  };
}

/** Away for a moment and coming back by itself. A start under this reason has lost the processes: that is no renewal. */
export function isRenewing({ state, reason }: PreviewRecord): boolean {
  return reason === "renewal" && (state === "pausing" || state === "resuming");
}

function stepsOf(current: Phase): StartStep[] {
  const at = startPhases.indexOf(current);
  return startPhases.map((phase, index) => ({
    phase,
    title: phaseTitles[phase],
    standing: index === at ? "current" : index < at ? "done" : "ahead",
  }));
}

function cameBackOf(record: PreviewRecord): Partial<PreviewView> {
  const { cameBack, readyAt, reason } = record;
  if (!cameBack || readyAt === undefined) return {};
  const tookMs = reason === "renewed" ? record.renewTookMs : record.tookMs;
  return {
    cameBack: { how: cameBack, title: cameBackTitle(cameBack, reason), at: readyAt, tookMs: tookMs ?? 0 },
  };
}
