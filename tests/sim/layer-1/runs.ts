/**
 * Owns running the shipping functions durably, and no better than promised: a step's answer is kept once it has arrived, a
 * step whose answer was lost or whose process died runs again, and after its last attempt the run has failed. Each call
 * goes to whatever process is free. It must never run a step again whose answer it has.
 */
import { NonRetriableError } from "inngest";
import type { Process, World } from "../world/world";
import { handlerOf, type ShippedFunction } from "./shipped-functions";

export interface RunEvent {
  readonly name: string;
  readonly id: string;
  readonly ts: number;
  readonly data: Record<string, unknown>;
}

interface Run {
  readonly id: string;
  readonly fn: ShippedFunction;
  readonly event: RunEvent;
  readonly answers: Map<string, unknown>;
  attempt: number;
  isOver: boolean;
}

/** How one call to the app ended. */
type Called =
  | { readonly kind: "completed"; readonly output: unknown }
  | { readonly kind: "sleeping"; readonly stepId: string; readonly until: number }
  /** A step was done at a later attempt than its first: the next one has its own attempts. */
  | { readonly kind: "going-on" }
  | { readonly kind: "failed"; readonly isFinal: boolean; readonly error: unknown };

export interface RunsParts {
  readonly world: World;
  /** What Inngest itself tells of a run that failed or was cancelled. */
  readonly told: (name: string, data: Record<string, unknown>) => void;
}

export function createRuns({ world, told }: RunsParts) {
  const { clock, dice, trace } = world;
  const active = new Map<string, Run>();
  let numbered = 0;
  /** How often each function's runs ended in what. */
  const outcomes = new Map<string, number>();

  function begin(fn: ShippedFunction, event: RunEvent): string {
    numbered += 1;
    const run: Run = { id: `r${numbered}xxxxxx`, fn, event, answers: new Map(), attempt: 0, isOver: false };
    active.set(run.id, run);
    trace.note(`run ${run.id} ${fn.id} by ${event.id}`);
    void proceed(run);
    return run.id;
  }

  async function proceed(run: Run): Promise<void> {
    while (!run.isOver) {
      const ended = await world.run((process) => call(process, run));
      if (run.isOver) return;
      const called: Called =
        ended.kind === "answered"
          ? ended.value
          : { kind: "failed", isFinal: false, error: ended.kind === "threw" ? ended.error : "died" };
      await follow(run, called);
    }
  }

  async function follow(run: Run, called: Called): Promise<void> {
    switch (called.kind) {
      case "completed":
        return end(run, JSON.stringify(called.output));
      case "going-on":
        run.attempt = 0;
        return;
      case "sleeping":
        await until(called.until);
        run.answers.set(called.stepId, null);
        run.attempt = 0;
        return;
      case "failed": {
        run.attempt += 1;
        if (called.isFinal || run.attempt >= run.fn.attempts) {
          end(run, `failed ${called.error}`);
          told("inngest/function.failed", tellingOf(run));
          return;
        }
        await until(clock.now() + backoffMs(run.attempt));
      }
    }
  }

  /** Inngest's table: 15 s, 30 s, … each with up to 30 s of jitter. */
  const backoffMs = (attempt: number) => 15_000 * attempt + dice.between(0, 30_000);

  const until = (at: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(at - clock.now(), resolve);
    });

  function call(process: Process, run: Run): Promise<Called> {
    return new Promise((resolve) => {
      const fn = process.rekindle.functions.find((each) => each.opts.id === run.fn.id);
      if (!fn) throw new Error(`there is no function ${run.fn.id}`);
      const context = {
        event: run.event,
        runId: run.id,
        attempt: run.attempt,
        maxAttempts: run.fn.attempts,
        step: stepTools(process, run, resolve),
      };
      handlerOf(fn)(context).then(
        (output) => resolve({ kind: "completed", output }),
        (error: unknown) => resolve({ kind: "failed", isFinal: error instanceof NonRetriableError, error }),
      );
    });
  }

  function stepTools({ runtime }: Process, run: Run, endCall: (called: Called) => void) {
    /** The rest of this call never happens. */
    const stop = (called: Called): Promise<never> => {
      endCall(called);
      return new Promise(() => undefined);
    };
    const runStep = async (id: string, work: () => Promise<unknown>): Promise<unknown> => {
      if (run.answers.has(id)) return run.answers.get(id);
      if (run.isOver) return stop({ kind: "going-on" });
      const done = await answered(work);
      if (done.kind === "failed") return stop(done);
      run.answers.set(id, done.answer);
      return run.attempt > 0 ? stop({ kind: "going-on" }) : done.answer;
    };
    const sleepUntil = async (id: string, at: number): Promise<void> => {
      if (!run.answers.has(id)) await stop({ kind: "sleeping", stepId: id, until: at });
    };
    return {
      run: runStep,
      sendEvent: (id: string, events: Parameters<typeof runtime.inngest.send>[0]) =>
        runStep(id, () => runtime.inngest.send(events)),
      sleep: (id: string, ms: number | string) => sleepUntil(id, clock.now() + msOf(ms)),
      sleepUntil: (id: string, at: Date) => sleepUntil(id, at.getTime()),
    };
  }

  /** What Inngest hears of a step, as JSON: now and then nothing, although it was done (F2 at the boundary of a step). */
  async function answered(
    work: () => Promise<unknown>,
  ): Promise<{ readonly kind: "done"; readonly answer: unknown } | Extract<Called, { kind: "failed" }>> {
    try {
      const answer = (await work()) ?? null;
      if (!dice.happens(world.plan.rates["error-after"] / 2))
        return { kind: "done", answer: JSON.parse(JSON.stringify(answer)) };
    } catch (error) {
      return { kind: "failed", isFinal: error instanceof NonRetriableError, error };
    }
    world.calls.count("step", "error-after");
    return { kind: "failed", isFinal: false, error: "the step's answer was lost" };
  }

  function end(run: Run, how: string): void {
    run.isOver = true;
    active.delete(run.id);
    trace.note(`over ${run.id} ${run.fn.id}: ${how}`);
    outcomes.set(run.fn.id, (outcomes.get(run.fn.id) ?? 0) + 1);
  }

  function cancelRun(id: string): void {
    const run = active.get(id);
    if (!run) return;
    end(run, "cancelled");
    told("inngest/function.cancelled", tellingOf(run));
  }

  return {
    begin,
    cancelRun,
    cancel(functionId: string, scope: string): void {
      for (const run of [...active.values()]) {
        const { projectId, userId } = run.event.data;
        if (run.fn.id === functionId && `${projectId}/${userId}` === scope) cancelRun(run.id);
      }
    },
    outcomes,
    /** How many have not ended. */
    get underWay() {
      return active.size;
    },
  };
}

export type Runs = ReturnType<typeof createRuns>;

const tellingOf = ({ id, fn, event }: Run): Record<string, unknown> => ({
  function_id: `rekindle-${fn.id}`,
  run_id: id,
  event: { name: event.name, data: event.data, id: event.id, ts: event.ts },
});

function msOf(duration: number | string): number {
  if (typeof duration === "number") return duration;
  const seconds = /^(\d+)s$/.exec(duration)?.[1];
  if (seconds === undefined) throw new Error(`the simulator does not read the duration "${duration}"`);
  return Number(seconds) * 1000;
}
