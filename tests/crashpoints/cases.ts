/**
 * Owns which cases there are: of a life's clean run every call with every fault, and, of each of these, every later call of
 * that very run with every fault. A part of the pairs is drawn by their names, so that the same share of the same code is
 * always the same cases. Pure.
 */
import { createHash } from "node:crypto";
import { caseOf, crashFaults, textOf } from "./planned";

/** `calls` as the life made them while nothing befell it. */
export const singlesOf = (life: string, calls: number): string[] =>
  callsAfter(0, calls).flatMap((call) =>
    crashFaults.map((fault) => textOf({ life, faults: [{ call, fault }] })),
  );

/** `calls` as they were made with the first fault. */
export function pairsOf(single: string, calls: number): string[] {
  const { life, faults } = caseOf(single);
  const first = faults[0]?.call ?? 0;
  return callsAfter(first, calls).flatMap((call) =>
    crashFaults.map((fault) => textOf({ life, faults: [...faults, { call, fault }] })),
  );
}

const callsAfter = (first: number, calls: number): number[] =>
  Array.from({ length: Math.max(0, calls - first) }, (_, index) => first + 1 + index);

/** True for this share of all names, another part for each seed. */
export function isDrawn(text: string, share: number, seed: number): boolean {
  if (share >= 1) return true;
  const drawn = createHash("sha1").update(`${seed} ${text}`).digest().readUInt32BE(0);
  return drawn / 2 ** 32 < share;
}
