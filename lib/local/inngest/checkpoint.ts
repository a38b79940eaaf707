/**
 * Owns `POST /v1/checkpoint/:run/async`, by which the SDK reports steps while its request goes on (inngest.md §1.8,
 * §3.3). It must never take steps from a request that the engine has given up: the same steps run again elsewhere.
 * Fails closed with the statuses that the SDK knows: 400 it tries again and then answers with the steps, 409 ends it.
 */
import { z } from "zod";
import type { ActiveRun } from "./active-run";
import { type Operation, parseOperation, type UnknownOperation } from "./protocol";

const checkpointSchema = z.looseObject({
  qi_id: z.string(),
  /** Absent if the SDK was not told one. */
  generation_id: z.number().nullish(),
  steps: z.array(z.unknown()),
});

export type CheckpointOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: 400 | 409; readonly error: string };

export interface CheckpointParts {
  readonly active: ReadonlyMap<string, ActiveRun>;
  readonly accept: (run: ActiveRun, operations: readonly (Operation | UnknownOperation)[]) => void;
}

export type ReceiveCheckpoint = (runId: string, body: unknown) => CheckpointOutcome;

export function createCheckpoints({ active, accept }: CheckpointParts): ReceiveCheckpoint {
  return (runId, body) => {
    const checkpoint = checkpointSchema.safeParse(body);
    if (!checkpoint.success) return refused(400, `not a checkpoint: ${z.prettifyError(checkpoint.error)}`);
    const run = active.get(runId);
    // The sentence of the real server, for an ended run as for one that never was (§1.8).
    if (!run) return refused(400, "run not found in state store");
    const { qi_id, generation_id, steps } = checkpoint.data;
    const generation = run.requests.get(qi_id);
    if (generation === undefined || (generation_id ?? generation) !== generation)
      return refused(409, `request ${qi_id} was given up; its run goes on in another one`);
    accept(run, steps.map(parseOperation));
    return { kind: "accepted" };
  };
}

const refused = (status: 400 | 409, error: string): CheckpointOutcome => ({ kind: "refused", status, error });
