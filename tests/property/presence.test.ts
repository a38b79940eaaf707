/** What a watch over idleness and a decision say of the same preview: never two different things. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { decide, desertedAt } from "@/lib/preview/decide";
import { isEmpty, restWhenIdle, runsOrWill } from "@/lib/preview/presence";
import { warningFor } from "@/lib/preview/warning";
import { MANY, runningSnapshots, seenOf, snapshots } from "./snapshots";

test("a running preview rests by the watch exactly when a decision would pause it for idleness", () => {
  fc.assert(
    fc.property(runningSnapshots, ({ suspendedBecause: _none, ...snapshot }) => {
      const action = decide(snapshot, seenOf(snapshot), policy);

      expect(restWhenIdle(snapshot, policy).kind === "rest").toBe(
        action.kind === "pause" && action.reason === "idle",
      );
    }),
    MANY,
  );
});

test("whoever is told to look later finds it at rest then, unless somebody gives a sign", () => {
  fc.assert(
    fc.property(runningSnapshots, (snapshot) => {
      const rest = restWhenIdle(snapshot, policy);
      if (rest.kind !== "later") return;

      expect(rest.at).toBeGreaterThan(snapshot.now);
      expect(restWhenIdle({ ...snapshot, now: rest.at - 1 }, policy)).toEqual(rest);
      expect(restWhenIdle({ ...snapshot, now: rest.at }, policy)).toEqual({ kind: "rest" });
    }),
    MANY,
  );
});

test("only what runs or will run can be brought to rest, and with somebody there it is not deserted", () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      if (!runsOrWill(snapshot.record)) expect(restWhenIdle(snapshot, policy).kind).toBe("not-running");
      if (!isEmpty(snapshot)) expect(desertedAt(snapshot, policy)).toBeUndefined();
    }),
    MANY,
  );
});

test("nothing rests for want of use without a warning before, and what is warned of lies ahead of that", () => {
  fc.assert(
    fc.property(runningSnapshots, (snapshot) => {
      const rest = restWhenIdle(snapshot, policy);
      if (rest.kind !== "later") return;
      const at = (now: number) => warningFor({ ...snapshot, now }, policy);

      expect(at(rest.at - 1)).toBeDefined();
      expect(at(rest.at - policy.warnBeforeMs)).toBeDefined();
      expect(at(rest.at - policy.warnBeforeMs - 1)?.kind).not.toBe("idle");
      const warning = at(snapshot.now);
      if (warning?.kind === "idle") expect(warning).toMatchObject({ deadline: rest.at, canExtend: true });
    }),
    MANY,
  );
});
