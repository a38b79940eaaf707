/**
 * Owns what a life is: how the world comes into the state before a function or an operation, what begins it, and what must
 * be so long after, whatever befell it. Types only.
 */
import type { PolicyOverrides } from "@/lib/preview/policy";
import type { Planned } from "./planned";
import type { Stage } from "./stage";

export interface Life {
  readonly name: string;
  /** Ids of functions whose runs are under test, and `OPERATION` for what is asked by the trigger. */
  readonly underTest: readonly string[];
  readonly policy?: PolicyOverrides;
  /** Nothing fails in it. */
  before(stage: Stage): Promise<void>;
  /** Whatever is under test is begun by it. */
  trigger(stage: Stage): Promise<void>;
  /** From the trigger until what it began has come to its end, when nothing befalls it; more calls are not counted. */
  readonly lastsMs: number;
  /** Beside the rules: what is wrong in the end, one sentence each. */
  wrong?(stage: Stage, faults: readonly Planned[]): readonly string[];
  /** Also every two faults of one life. */
  readonly hasPairs?: boolean;
}
