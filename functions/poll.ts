/**
 * Owns waiting for work inside a sandbox: looks again and again, each a durable step within its budget, until the work
 * itself says that it is done or failed. It must never wait on a clock of its own. Fails as its looks do.
 */
import { type Progress, progressSchema } from "@/lib/preview/operations/boot";
import type { Act, StepOutcome } from "./step-outcome";

export async function pollUntilDone(
  id: string,
  act: Act,
  look: () => Promise<Progress>,
): Promise<StepOutcome<null>> {
  for (let round = 0; ; round += 1) {
    const seen = await act(`${id}-${round}`, progressSchema, look);
    if (seen.kind !== "ok") return seen;
    if (seen.value.kind === "done") return { kind: "ok", value: null };
    if (seen.value.kind === "failed") return seen.value;
  }
}
