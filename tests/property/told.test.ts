/** What people are told of a preview, whatever it has become: always something, and never what is ours alone. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { policy } from "@/inngest.config";
import { explain } from "@/lib/preview/explain";
import type { HistoryEntry } from "@/lib/preview/history";
import { reasonCopy, reasonSchema } from "@/lib/preview/reasons";
import { cameBackSchema } from "@/lib/preview/record";
import { stateSchema } from "@/lib/preview/transitions";
import { viewOf } from "@/lib/preview/view";
import { SANDBOX_ID } from "../support/records";
import { MANY, snapshots, time } from "./snapshots";

const by = fc.constantFrom(
  "route-1",
  "agent-1",
  "open-1",
  "idle-1",
  "left-1",
  "renew-1",
  "check-1",
  "sync-1",
  "x",
);
const count = fc.nat(2_000);

const entry: fc.Arbitrary<HistoryEntry> = fc.oneof(
  fc.record({
    kind: fc.constant("moved" as const),
    at: time,
    from: fc.constantFrom(...stateSchema.options),
    to: fc.constantFrom(...stateSchema.options),
    reason: fc.constantFrom(...reasonSchema.options),
    by,
    afterMs: fc.nat(),
    cameBack: fc.option(fc.constantFrom(...cameBackSchema.options), { nil: undefined }),
    tookMs: fc.option(fc.nat(90_000), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("held" as const), at: time, by, until: time }),
  fc.record({ kind: fc.constant("released" as const), at: time, by }),
  fc.record({ kind: fc.constant("saved" as const), at: time, revision: fc.string(), files: count }),
  fc.record({
    kind: fc.constant("not-saved" as const),
    at: time,
    files: count,
    why: fc.constantFrom("stale-base", "not-supported", "left-out", "failed"),
  }),
  fc.record({
    kind: fc.constant("synced" as const),
    at: time,
    revision: fc.string(),
    files: count,
    overwritten: count,
  }),
  fc.record({ kind: fc.constant("kept" as const), at: time, sandboxId: fc.constant(SANDBOX_ID) }),
);
const histories = fc.array(entry, { maxLength: 4 });

const secret = "0123456789abcdef-lease";

const shown = (snapshot: Parameters<typeof viewOf>[0]) =>
  viewOf(snapshot, {
    policy,
    logTail: "npm error",
    previewUrl: (sandboxId, port) => `https://${port}-${sandboxId}.preview.test`,
  });

test("every snapshot has a view with words, which is plain JSON and tells no claim, boot or seal", () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      const { record } = snapshot;
      const ours = {
        bootId: secret,
        restartId: secret,
        generation: secret,
        sealHash: secret,
        filesFor: secret,
      };
      const view = shown({ ...snapshot, record: { ...record, ...ours } });

      const json = JSON.stringify(view);
      expect(JSON.parse(json)).toStrictEqual(view);
      expect(json).not.toContain(secret);
      expect(json).not.toContain("somebody-at-work");
      expect(view.reason.title.length).toBeGreaterThan(0);
      expect(view.reason.message.startsWith(reasonCopy[view.reason.code].message)).toBe(true);
    }),
    MANY,
  );
});

test("a view offers an address only of what runs and a button only of what does not, nor is at work", () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      const view = shown(snapshot);
      const isRunning = view.state === "running";

      expect(view.url !== undefined).toBe(isRunning);
      expect(view.providerEndsAt !== undefined).toBe(isRunning);
      if (isRunning) expect(view.providerEndsAt).toBeGreaterThan(view.serverNow);
      if (isRunning) expect(view.action).toBe("none");
      const isAtRest = ["absent", "paused", "expired", "failed"].includes(view.state);
      if (isAtRest) expect(view.step).toBeUndefined();
      expect(view.steps === undefined || view.steps.length === 5).toBe(true);
      if (view.steps)
        expect(view.steps.filter(({ standing }) => standing === "current").length).toBeLessThan(2);
    }),
    MANY,
  );
});

test("every snapshot and history is explained in whole sentences, without a number that is none", () => {
  fc.assert(
    fc.property(snapshots, histories, (snapshot, history) => {
      const { why, entries } = explain(snapshot, history, policy);

      expect(why.length).toBeGreaterThan(0);
      expect(entries.length).toBe(history.length);
      for (const text of [...why, ...entries.map(({ detail }) => detail)]) {
        expect(text).toMatch(/^[\dA-Z].*[.?]$/su);
        expect(text).not.toMatch(/undefined|NaN|Infinity|null/);
      }
    }),
    MANY,
  );
});
