/**
 * Owns how a case is named: a life, and which faults befall which of its calls, counted from its trigger on. The same text
 * is what is reported and what repeats it. Pure. Fails closed: what is not understood throws.
 */

export const crashFaults = ["error-before", "error-after", "crash-before", "crash-after", "stall"] as const;
export type CrashFault = (typeof crashFaults)[number];

/** Longer than a claim holds: whoever wakes from it finds another at work. */
export const STALL_MS = 100_000;

export interface Planned {
  /** The first call is 1. */
  readonly call: number;
  readonly fault: CrashFault;
}

export interface Case {
  readonly life: string;
  /** In order of their calls; none is the clean run. */
  readonly faults: readonly Planned[];
}

/** As `open-cold 3:stall 7:crash-after`. */
export const textOf = ({ life, faults }: Case): string =>
  [life, ...faults.map(({ call, fault }) => `${call}:${fault}`)].join(" ");

export function caseOf(text: string): Case {
  const [life = "", ...rest] = text.trim().split(/\s+/);
  return { life, faults: rest.map(plannedOf) };
}

function plannedOf(text: string): Planned {
  const [call = "", named] = text.split(":");
  const fault = crashFaults.find((each) => each === named);
  if (!/^\d+$/.test(call) || !fault) throw new Error(`"${text}" is no call and fault, as in "3:stall"`);
  return { call: Number(call), fault };
}
