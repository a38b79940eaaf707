/**
 * Owns when the pane calls: the next beat, the next look, and when to ask whether somebody is there. Pure; cannot fail.
 * A look never keeps a preview alive and a hidden page does nothing at all, so thirty tabs in the background cost nothing;
 * but one that stands in line for a place says that somebody waits still, or it would lose its turn.
 */
import { ASK_AFTER_MS, type Attention } from "./attention";
import type { PaneState } from "./pane-view";

export interface Situation {
  readonly attention: Attention;
  /** Undefined until the first answer. */
  readonly state?: PaneState;
  /** It stands in line for a place at this position, 0 once one is offered. */
  readonly linePosition?: number;
  readonly isOpening: boolean;
  /** The server said no for good; only a person can change that. */
  readonly isRefused: boolean;
  readonly beatEveryMs?: number;
  readonly lastLookAt: number;
  readonly lastBeatAt: number;
  readonly lastInputAt: number;
  /** Calls in a row without an answer. */
  readonly failures: number;
}

export interface Agenda {
  readonly lookAt?: number;
  readonly beatAt?: number;
  /** When the focus in the frame stops counting and the person is asked. */
  readonly askAt?: number;
}

export function agendaOf(situation: Situation): Agenda {
  const { attention, lastLookAt, lastBeatAt, lastInputAt, beatEveryMs } = situation;
  const isWaiting = situation.linePosition !== undefined && !situation.isRefused;
  const isBeating = isWaiting || (attention === "present" && takesBeats(situation.state));
  const beats = isBeating && beatEveryMs !== undefined;
  if (attention === "hidden") return beats ? { beatAt: lastBeatAt + beatEveryMs } : {};
  return {
    ...(situation.isRefused ? {} : { lookAt: lastLookAt + lookEveryMs(situation) }),
    ...(beats ? { beatAt: lastBeatAt + beatEveryMs } : {}),
    ...(attention === "present" ? { askAt: lastInputAt + ASK_AFTER_MS } : {}),
  };
}

/** At rest there is nothing that a beat could keep. */
export function takesBeats(state: PaneState | undefined): boolean {
  return state === "running" || isMoving(state);
}

export function isMoving(state: PaneState | undefined): boolean {
  return state === "starting" || state === "resuming" || state === "pausing";
}

const MOVING_LOOK_MS = 1_000;
const RUNNING_LOOK_MS = 5_000;
const RESTING_LOOK_MS = 15_000;

/** Without answers the looks become rarer, so that a server that comes back is not met by everybody at once. */
function lookEveryMs(situation: Situation): number {
  const { failures } = situation;
  const backoffMs = failures === 0 ? 0 : Math.min(2_000 * 2 ** (failures - 1), 30_000);
  return Math.max(usualLookMs(situation), backoffMs);
}

function usualLookMs({ state, linePosition, isOpening }: Situation): number {
  if (isOpening || state === undefined || isMoving(state)) return MOVING_LOOK_MS;
  // Far behind nothing changes from one second to the next; who is first may start at any moment.
  if (linePosition !== undefined) return linePosition <= 1 ? MOVING_LOOK_MS : RUNNING_LOOK_MS;
  return state === "running" ? RUNNING_LOOK_MS : RESTING_LOOK_MS;
}
