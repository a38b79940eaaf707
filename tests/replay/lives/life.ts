/** Owns what a life is: a scenario in a world of its own, and the functions whose runs in it are recorded. Pure. */
import type { PolicyOverrides } from "@/lib/preview/policy";
import type { World } from "@/tests/support/world";

export interface Life {
  readonly name: string;
  /** Only these functions' runs are kept; each has to have one by the end, in no call. */
  readonly shows: readonly string[];
  /** So many runs of each are its preparation, and told by another life. */
  readonly skips?: number;
  /** Numbers that the functions read between their steps, where they are not the shipped ones. */
  readonly policy?: PolicyOverrides;
  readonly live: () => Promise<World>;
}
