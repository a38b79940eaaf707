/**
 * Owns what a person is shown of a preview: one plain object made from a snapshot, in which every time is the server's
 * and comes with the server's now, so that a browser with a wrong clock still counts right. Pure; cannot fail.
 * It holds no token and no internal id but the sandbox's own, which is part of the address anyway.
 */
import type { SandboxId } from "../ids";
import { idleAt } from "./decide";
import type { Policy } from "./policy";
import { type HelpfulAction, type Reason, reasonCopy } from "./reasons";
import { type CameBack, isClaimed, type Phase, type PreviewRecord, type Snapshot, sandboxOf } from "./record";
import type { State } from "./transitions";

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
  readonly revision?: string;
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
    readonly at: number;
    readonly tookMs: number;
  };
  /** While it runs: when it goes to rest if nobody does anything, and the end that the provider has confirmed. */
  readonly restsAt?: number;
  readonly providerEndsAt?: number;
  readonly pausedAt?: number;
  readonly viewers: number;
  readonly serverNow: number;
  readonly beatEveryMs: number;
}

export interface StartStep {
  readonly phase: Phase;
  readonly title: string;
  readonly standing: "done" | "current" | "ahead";
}

/** What a start goes through; a resume skips most of it and shows only its current step. */
const startPhases: readonly Phase[] = ["sandbox", "files", "install", "start", "answer"];

const phaseTitles: Readonly<Record<Phase, string>> = {
  claimed: "Taking it on",
  sandbox: "Getting a sandbox",
  files: "Bringing the project's files",
  install: "Installing dependencies",
  start: "Starting the dev server",
  answer: "Waiting for its answer",
  save: "Saving what changed in its files",
  pause: "Pausing, with memory and processes kept",
  sync: "Bringing the newest files",
  tidy: "Tidying up",
};

const cameBackTitles: Readonly<Record<CameBack, string>> = {
  warm: "It was still running",
  resumed: "Resumed: the same processes, where they stood still",
  restarted: "Resumed, but the dev server had to be started again: its memory is lost, its files are there",
  "from-snapshot": "Restored from a snapshot",
  "rebuilt-cached": "Rebuilt, with cached dependencies",
  "rebuilt-cold": "Built from the project's files",
};

type PreviewUrl = (sandboxId: SandboxId, port: number) => string;

export function viewOf(
  snapshot: Snapshot,
  parts: { readonly policy: Policy; readonly logTail: string; readonly previewUrl: PreviewUrl },
): PreviewView {
  const { record, now, viewers } = snapshot;
  const { policy, logTail, previewUrl } = parts;
  const sandboxId = sandboxOf(record);
  // Past the end that the provider confirmed it is paused there, whatever the record says until somebody looks.
  const isRunOver = record.state === "running" && now >= record.endsAt;
  const reason = isRunOver ? "provider-paused" : record.reason;
  const { title, message, action } = reasonCopy[reason];
  // Moving and yet nobody's work: its worker vanished, and whoever asks takes over.
  const isOpenable = (record.state !== "running" || isRunOver) && !isClaimed(snapshot);
  return {
    projectId: record.projectId,
    userId: record.userId,
    state: isRunOver ? "paused" : record.state,
    reason: { code: reason, title, message },
    action: isOpenable ? restingAction(action) : "none",
    viewers,
    serverNow: now,
    beatEveryMs: policy.beatEveryMs,
    ...(sandboxId ? { sandboxId } : {}),
    ...(record.revision ? { revision: record.revision } : {}),
    ...(isRunOver ? { pausedAt: record.endsAt } : runningOf(snapshot, policy, previewUrl)),
    ...(record.state === "paused" ? { pausedAt: record.pausedAt } : {}),
    ...(isMoving(record.state) ? waitOf(snapshot) : {}),
    ...(logTail && (record.state === "starting" || record.state === "failed") ? { logTail } : {}),
  };
}

function runningOf({ record }: Snapshot, policy: Policy, previewUrl: PreviewUrl): Partial<PreviewView> {
  if (record.state !== "running") return {};
  return {
    url: previewUrl(record.sandboxId, record.port),
    restsAt: idleAt(record, policy),
    providerEndsAt: record.endsAt,
    ...cameBackOf(record),
  };
}

/** At rest there is always a way back; a reason that offers none by itself is opened again. */
const restingAction = (action: HelpfulAction): HelpfulAction => (action === "none" ? "open" : action);

const isMoving = (state: State): boolean =>
  state === "starting" || state === "resuming" || state === "pausing";

function waitOf({ record }: Snapshot): Partial<PreviewView> {
  const phase = record.phase ?? "claimed";
  const startedAt = record.phaseAt ?? record.changedAt;
  return {
    step: { phase, title: phaseTitles[phase], startedAt },
    waitingSince: record.claimedAt ?? record.changedAt,
    ...(record.state === "starting" && phase !== "tidy" ? { steps: stepsOf(phase) } : {}),
  };
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
  const { cameBack, readyAt, tookMs } = record;
  if (!cameBack || readyAt === undefined) return {};
  return { cameBack: { how: cameBack, title: cameBackTitles[cameBack], at: readyAt, tookMs: tookMs ?? 0 } };
}
