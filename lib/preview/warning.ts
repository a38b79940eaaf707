/**
 * Owns what a person is told before an end: which one is near, what is kept, and whether a sign of life moves it. It must
 * never warn of an end that something else moves anyway, such as a hold. Pure; cannot fail.
 */
import { spanText } from "../duration-words";
import { idleAt, renewalDue, runEndsAt } from "./decide";
import type { Policy } from "./policy";
import type { Snapshot } from "./record";

export interface Warning {
  /** `idle`: it goes to rest for want of use. `run-end`: the plan ends its run, which is renewed before. */
  readonly kind: "idle" | "run-end";
  /** By the server's clock; a run is renewed by then at the latest. */
  readonly deadline: number;
  /** Whether a sign of life moves it. */
  readonly canExtend: boolean;
  readonly title: string;
  readonly message: string;
}

/** The nearer of the two ends, from its warning time on; undefined while none is near or nothing runs. */
export function warningFor(snapshot: Snapshot, policy: Policy): Warning | undefined {
  const { record, now, viewers, holds } = snapshot;
  if (record.state !== "running") return undefined;
  const restsAt = idleAt(record, policy);
  const endsAt = runEndsAt(record, policy) ?? Number.POSITIVE_INFINITY;
  const isIdle = now >= restsAt - policy.warnBeforeMs;
  // What rests before its run ends is not renewed, and with nobody there nobody is told.
  const isRenewed = renewalDue(snapshot, policy).kind === "due" && (viewers > 0 || holds > 0);
  const isEnding = now >= endsAt - policy.warnEndBeforeMs && isRenewed;
  if (isIdle && !(isEnding && endsAt < restsAt)) return idleWarning(restsAt);
  return isEnding ? runEndWarning(endsAt, record.renewTookMs ?? policy.renewEstimateMs, policy) : undefined;
}

function idleWarning(deadline: number): Warning {
  return {
    kind: "idle",
    deadline,
    canExtend: true,
    title: "It goes to rest soon",
    message:
      "Nobody is using it. Its memory, processes and files are kept, and it goes on where it stood still. Any use keeps it running.",
  };
}

function runEndWarning(deadline: number, tookMs: number, policy: Policy): Warning {
  return {
    kind: "run-end",
    deadline,
    canExtend: false,
    title: "Its run is renewed soon",
    message: `The plan ends a run after ${spanText(policy.maxRunMs)}. Before that it is away for about ${spanText(tookMs)} and comes back by itself, with its memory, processes and files kept. Nothing has to be done.`,
  };
}
