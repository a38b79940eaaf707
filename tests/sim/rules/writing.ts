/**
 * Owns I1, I3 and I9: two records never name one sandbox, a condemned one is never named, epochs never go down, and every
 * move is one of the table's.
 */
import { stateSchema, transitions } from "@/lib/preview/transitions";
import { nameOf, type Rule, type Seen, type Watch } from "./watch";

export function oneSandboxEach(watch: Watch): Rule {
  return {
    name: "I1",
    seen({ scope, after }) {
      if (!after.sandboxId) return;
      for (const [name, other] of watch.records) {
        if (name !== nameOf(scope) && other.sandboxId === after.sandboxId)
          watch.report("I1", `${name} and ${nameOf(scope)} both name ${after.sandboxId}`);
      }
    },
  };
}

/** `wasRolledBack`: acknowledged writes were lost, and what follows starts above the labels' epochs instead. */
export function epochsGrow(watch: Watch, wasRolledBack: () => boolean): Rule {
  return {
    name: "I3",
    seen({ scope, before, after }) {
      if (wasRolledBack() || before.epoch === undefined || after.epoch === undefined) return;
      if (Number(after.epoch) < Number(before.epoch))
        watch.report("I3", `${nameOf(scope)} went from epoch ${before.epoch} to ${after.epoch}`);
      // What the claim's holder alone may write changed, and the claim is another's by now.
      if (after.epoch === before.epoch && isTakenOver(before, after))
        watch.report("I3", `${nameOf(scope)}: ${after.leaseId} writes under the epoch of ${before.leaseId}`);
    },
  };
}

const isTakenOver = (before: Seen["before"], after: Seen["after"]): boolean =>
  before.leaseId !== undefined && after.leaseId !== undefined && before.leaseId !== after.leaseId;

export function movesAreLegal(watch: Watch, wasRolledBack: () => boolean): Rule {
  return {
    name: "I9",
    seen({ scope, before, after }) {
      if (wasRolledBack() || after.state === undefined) return;
      const from = stateSchema.parse(before.state ?? "absent");
      const to = stateSchema.parse(after.state);
      const allowed: readonly string[] = transitions[from];
      if (from !== to && !allowed.includes(to))
        watch.report("I9", `${nameOf(scope)} moved from ${from} to ${to}`);
    },
  };
}
