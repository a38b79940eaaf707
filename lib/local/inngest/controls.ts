/**
 * Owns what an operator may do to the engine: pause and resume functions, cancel and repeat runs (inngest.md §8). It
 * must never act in silence: what cannot be done is refused with the reason.
 */
import type { ActiveRun } from "./active-run";
import type { Control, InngestEngine } from "./engine-port";
import type { Recorder } from "./recorder";
import type { Registry } from "./registry";
import type { Runner } from "./runner";
import type { Scheduler } from "./scheduler";

export interface ControlParts {
  readonly active: ReadonlyMap<string, ActiveRun>;
  readonly recorder: Recorder;
  readonly registry: Registry;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
}

export type Controls = Pick<InngestEngine, "pauseFunction" | "resumeFunction" | "cancelRun" | "rerun">;

export function createControls({ active, recorder, registry, runner, scheduler }: ControlParts): Controls {
  const ifRegistered = (functionId: string, act: (id: string) => void): Control => {
    if (!registry.find(functionId)) return refused(`there is no function ${functionId}`);
    act(functionId);
    return { kind: "done" };
  };
  return {
    pauseFunction: (functionId) => ifRegistered(functionId, registry.pause),
    resumeFunction: (functionId) => ifRegistered(functionId, registry.resume),
    cancelRun(runId) {
      const run = active.get(runId);
      if (!run) return refused(`there is no run ${runId} under way`);
      runner.cancel(run, "cancelled by an operator");
      return { kind: "done" };
    },
    rerun(runId) {
      const known = recorder.triggerOf(runId);
      if (!known) return refused(`run ${runId} is not in the history`);
      if (known.trigger.wire.name === "inngest/scheduled.timer")
        return refused("runs of a cron cannot be run again");
      const placed = registry.find(known.functionId);
      if (!placed) return refused(`there is no function ${known.functionId}`);
      const startedId = scheduler.startAnew(placed.fn, known.trigger);
      return startedId === null
        ? refused("the new run was skipped: the function is paused or its singleton is held")
        : { kind: "started", runId: startedId };
    },
  };
}

const refused = (reason: string) => ({ kind: "refused", reason }) as const;
