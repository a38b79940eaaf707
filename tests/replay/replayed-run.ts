/**
 * Owns replaying a committed history against the functions as they are now, the way that Inngest re-enters a run after a
 * deploy: with the first k steps remembered by their hashes, for every k, the function says through the SDK's protocol what
 * it wants next. It must never execute a step: the SDK plans them only. Fails with a sentence for each answer that is not
 * the recorded one.
 */
import type { InngestFunction } from "inngest";
import { serve } from "inngest/edge";
import { createFunctions } from "@/functions";
import { appId } from "@/inngest.config";
import { callApp } from "@/lib/local/inngest/call";
import { DISCOVERY, type StepMemo, type WireEvent } from "@/lib/local/inngest/protocol";
import { freshRun } from "@/lib/local/inngest/run";
import { IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import { inProcessTransport, type Transport } from "@/lib/local/inngest/transport";
import { withOverrides } from "@/lib/preview/policy";
import type { Runtime } from "@/lib/runtime";
import type { RecordedHistory } from "./history-files";
import { withValues } from "./placeholders";
import { hashOf } from "./recorded-run";

/**
 * Only the line's history has more than twice as many steps: the same round sixty times, of which the first and the last
 * ones are replayed, since each replay goes through all that is remembered.
 */
const ENDS = 10;

export type MakeFunctions = (runtime: Runtime) => InngestFunction.Any[];

export interface Replayer {
  /** A sentence for each k at which the run would not go on as it was recorded; none when it would. */
  replay(functionId: string, history: RecordedHistory): Promise<readonly string[]>;
  /** The same for one k: so many steps are remembered. */
  replayFrom(functionId: string, history: RecordedHistory, remembered: number): Promise<readonly string[]>;
}

/** `make`: the functions under test, by default the shipping ones. */
export function replayerOf(runtime: Runtime, make: MakeFunctions = createFunctions): Replayer {
  const served = (policy: RecordedHistory["policy"]): Transport => {
    const functions = make({ ...runtime, policy: withOverrides(runtime.policy, policy ?? {}) });
    return inProcessTransport(serve({ client: runtime.inngest, functions }));
  };
  const asShipped = served(undefined);
  const replayer: Replayer = {
    async replay(functionId, history) {
      const problems: string[] = [];
      const { steps } = history;
      const upTo = history.end === "waiting" ? steps.length - 1 : steps.length;
      for (let remembered = 0; remembered <= upTo; remembered += 1) {
        const isInMiddle = remembered > ENDS && remembered < upTo - ENDS;
        if (!isInMiddle) problems.push(...(await replayer.replayFrom(functionId, history, remembered)));
      }
      return problems;
    },
    async replayFrom(functionId, history, remembered) {
      const { life, steps, end } = history;
      const next = steps[remembered];
      const recorded = next ? `${next.op} ${next.id}` : end;
      const transport = history.policy ? served(history.policy) : asShipped;
      const wanted = await nextOf(transport, functionId, history, remembered);
      if (wanted === recorded) return [];
      const after = remembered === 0 ? "at its start" : `after "${steps[remembered - 1]?.id}"`;
      return [
        `${functionId}, "${life}": a run that is in flight at the deploy wants "${wanted}" ${after}, not "${recorded}"`,
      ];
    },
  };
  return replayer;
}

/** What the function asks for when the first steps of the history are remembered, or how it ends. */
async function nextOf(
  transport: Transport,
  functionId: string,
  { event, steps }: RecordedHistory,
  remembered: number,
): Promise<string> {
  const known = steps.slice(0, remembered);
  const memos = known.map(({ id, op, result }): [string, StepMemo] => [
    hashOf(id),
    op === "sleep" ? null : { data: withValues(result) ?? null },
  ]);
  const { result } = await callApp({
    url: `${IN_PROCESS_APP}?fnId=${appId}-${functionId}`,
    transport,
    runId: "01REPLAY000000000000000000",
    event: wireOf(event),
    state: { ...freshRun, steps: Object.fromEntries(memos), stack: memos.map(([hash]) => hash) },
    call: { stepId: DISCOVERY, attempt: 0, mustPlan: true },
    maxAttempts: 3,
    version: 2,
    queueItem: { id: "replay", generation: 1 },
    checkpointFor: null,
    signal: new AbortController().signal,
  });
  if (result.kind === "completed") return "completed";
  if (result.kind === "failed")
    return known.length === steps.length ? "thrown" : `throw ${result.error.message}`;
  const found = result.operations.map((operation) => {
    switch (operation.op) {
      case "RunComplete":
        return "completed";
      case "Sleep":
        return `sleep ${nameOf(operation, known)}`;
      case "StepPlanned": {
        const op = operation.opts?.type === "step.sendEvent" ? "send" : "run";
        return `${op} ${nameOf(operation, known)}`;
      }
      case "unknown":
        return operation.sentence;
      default:
        return `${operation.op} ${operation.id}`;
    }
  });
  return found.join(" and ");
}

/** The id as its author wrote it; a step of a name that is remembered already has its number behind a colon. */
function nameOf(
  { id, displayName }: { readonly id: string; readonly displayName?: string | undefined },
  known: RecordedHistory["steps"],
): string {
  const name = displayName ?? id;
  for (let times = 0; times <= known.length; times += 1) {
    const numbered = times === 0 ? name : `${name}:${times}`;
    if (hashOf(numbered) === id) return numbered;
  }
  return `${name} (${id})`;
}

function wireOf({ name, data }: RecordedHistory["event"]): WireEvent {
  const values: unknown = withValues(data);
  return { id: "01REPLAYEVENT0000000000000", name, data: { ...Object(values) }, ts: Date.UTC(2026, 0, 1) };
}
