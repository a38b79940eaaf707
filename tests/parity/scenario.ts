/**
 * Owns the form of a parity scenario: functions of the real SDK, what happens to them, and what was recorded of the real
 * server. Data and handlers only; it must never know which target runs it. Each event's data has a `tag`, by which a trace
 * names the run that it starts.
 */
import type { Inngest, InngestFunction } from "inngest";

export interface Scenario {
  /** Also the app's id on the target. */
  readonly id: string;
  /** What Inngest does, in the present tense. */
  readonly guarantee: string;
  readonly evidence: Evidence;
  readonly functions: (client: Inngest, world: World) => readonly InngestFunction.Any[];
  readonly script: readonly Act[];
  readonly expected: Trace;
  /** "across runs" also compares in which order the calls of different runs came; "each run" leaves it open. */
  readonly order: "each run" | "across runs";
}

/** Where the expected trace was transcribed from: reference/inngest.md as of 2026-11-22. */
export interface Evidence {
  readonly section: string;
  readonly line: number;
  /** inngest.md's own marks: observed on the real server, read in source, documentation, an issue. */
  readonly mark: "V" | "S" | "D" | "I";
  /** Which function or rule of this project would break if it were otherwise. */
  readonly reliedOnBy: string;
}

/** What a handler may use of its target. */
export interface World {
  /** Takes up a step's time, in the target's time. */
  readonly pause: (seconds: number) => Promise<void>;
}

export type Act =
  | { readonly kind: "send"; readonly events: (now: number) => readonly SentEvent[] }
  | { readonly kind: "wait"; readonly seconds: number };

export interface SentEvent {
  readonly name: string;
  readonly data: { readonly tag: string } & Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly ts?: number;
}

export interface Trace {
  /**
   * One line a request: "work(a) next #0 → Sleep nap". "next" asks the function what comes next, "run b" wants one step;
   * the number is the attempt. Steps that were asked for at once stand in alphabetical order.
   */
  readonly calls: readonly string[];
  /** One line a run that ended: "work(a) Completed 42". Alphabetical: the server tells them a little later. */
  readonly outcomes: readonly string[];
}

export const send = (...events: readonly SentEvent[]): Act => ({ kind: "send", events: () => events });
export const wait = (seconds: number): Act => ({ kind: "wait", seconds });
