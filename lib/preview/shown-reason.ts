/**
 * Owns which reason a person is shown, and its words: beside what the record says, why it was not let run when it was last
 * asked for, the suspension of its user, and what failed in its project's other starts. Pure; cannot fail. What does not
 * hold any more (a switch that was turned back) is not said.
 */
import { type HelpfulAction, type Reason, reasonCopy } from "./reasons";
import { isRunOver, type Snapshot } from "./record";
import { honestReason } from "./titles";

export interface ShownReason {
  readonly code: Reason;
  readonly title: string;
  readonly message: string;
  readonly action: HelpfulAction;
}

export function shownReason(snapshot: Snapshot): ShownReason {
  const code = reasonCode(snapshot);
  const copy = reasonCopy[code];
  return { code, ...copy, message: [copy.message, ...more(code, snapshot)].join(" ") };
}

const restingStates: ReadonlySet<string> = new Set(["absent", "paused", "expired", "failed"]);

function reasonCode(snapshot: Snapshot): Reason {
  const { record, suspendedBecause, line } = snapshot;
  // Before what it was when it began to wait, which stands in its state.
  if (line) return "no-place";
  if (isRunOver(snapshot)) return "provider-paused";
  // Also while it still runs: it is about to rest.
  if (suspendedBecause !== undefined) return "suspended";
  const honest = honestReason(record);
  if (!restingStates.has(record.state)) return honest;
  // It rests since a suspension that was lifted.
  return stillRefused(snapshot) ?? (honest === "suspended" ? "asked" : honest);
}

function stillRefused({ record, isCreatingStopped }: Snapshot): Reason | undefined {
  switch (record.refusedBecause) {
    case "suspended":
      return undefined;
    case "creating-stopped":
      return isCreatingStopped ? "creating-stopped" : undefined;
    default:
      return record.refusedBecause;
  }
}

function more(code: Reason, { record, suspendedBecause }: Snapshot): string[] {
  if (code === "suspended" && suspendedBecause) return [`The reason given: ${suspendedBecause}`];
  if (code === "project-broken" && record.brokenReason) {
    const { title, message } = reasonCopy[record.brokenReason];
    return [`The last one: ${title}. ${message}`];
  }
  return [];
}
