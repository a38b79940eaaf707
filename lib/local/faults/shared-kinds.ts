/** Owns the parts of faults that all stand-ins have: how long a call is held up, and the statuses that stand for trouble. Pure. */

export interface Delay {
  readonly kind: "delay";
  readonly minMs: number;
  readonly maxMs: number;
}

export type FaultStatus = 429 | 500 | 502 | 503;

/** An answer in the service's stead; nothing has happened. */
export interface ErrorBefore {
  readonly kind: "error-before";
  readonly status: FaultStatus;
  readonly retryAfterSeconds?: number | undefined;
}

/** `fraction`: in [0, 1), as the plan drew it. Whole milliseconds: times of virtual clocks are compared and sent on. */
export function delayMsOf({ minMs, maxMs }: Delay, fraction: number): number {
  return Math.round(minMs + fraction * (maxMs - minMs));
}
