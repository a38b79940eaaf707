/**
 * Owns turning a run in the engine's history into one that can be committed: its steps by their authors' ids, in order,
 * with what they answered. It must never guess: a step whose id does not hash to what Inngest knows it by, or an operation
 * that a replay could not memoise, throws.
 */
import { createHash } from "node:crypto";
import type { HistoryRun, HistoryStep, InngestHistory } from "@/lib/local/inngest/history";
import type { PolicyOverrides } from "@/lib/preview/policy";
import type { RecordedHistory, RecordedStep } from "./history-files";
import { withPlaceholders } from "./placeholders";

/** How Inngest knows a step (inngest.md §3.3, 2026-11-22). */
export const hashOf = (id: string): string => createHash("sha1").update(id).digest("hex");

export function recordedRun(
  run: HistoryRun,
  events: InngestHistory["events"],
  told: { readonly life: string; readonly number: number; readonly policy?: PolicyOverrides | undefined },
): RecordedHistory {
  const event = events.find(({ id }) => id === run.eventId);
  if (!event) throw new Error(`the event of run ${run.id} is forgotten`);
  const seen = new Map<string, number>();
  const steps = run.steps.map((step) => recordedStep(step, seen));
  const recorded = {
    life: told.life,
    run: told.number,
    ...(told.policy ? { policy: { ...told.policy } } : {}),
    event: { name: event.name, data: { ...Object(event.data) } },
    steps,
    end: endOf(run),
  };
  // Of one run together: the same time in an event and in a step's result is the same time.
  return { ...recorded, ...Object(withPlaceholders({ event: recorded.event, steps })) };
}

function recordedStep(step: HistoryStep, seen: Map<string, number>): RecordedStep {
  const times = seen.get(step.name) ?? 0;
  seen.set(step.name, times + 1);
  const id = times === 0 ? step.name : `${step.name}:${times}`;
  if (hashOf(id) !== step.id) throw new Error(`step ${step.name} is not known by its own name`);
  if (step.status === "Failed") throw new Error(`step ${id} failed: ${JSON.stringify(step.output)}`);
  if (step.op === "Sleep") return { id, op: "sleep" };
  if (step.op !== "StepRun") throw new Error(`step ${id} is a ${step.op}, which a replay does not know yet`);
  const op = step.type === "step.sendEvent" ? "send" : "run";
  return step.status === "Completed" ? { id, op, result: step.output } : { id, op };
}

function endOf({ id, status, steps }: HistoryRun): RecordedHistory["end"] {
  if (status === "Completed") return "completed";
  if (status === "Failed") return "thrown";
  const last = steps.at(-1);
  if (!last || last.status === "Completed") throw new Error(`run ${id} is recorded in the middle of a call`);
  return "waiting";
}
