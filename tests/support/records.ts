/**
 * Owns records for tests of pure code: one valid record of each state, with what a test says otherwise. Parsed like any
 * record that is read, so a test cannot invent a shape that the store would refuse. Fails at once on such a shape.
 */
import { type PreviewRecord, recordSchema, type Snapshot } from "@/lib/preview/record";
import { type State, stateSchema } from "@/lib/preview/transitions";

export const NOW = Date.UTC(2026, 0, 1, 12);
export const SANDBOX_ID = "iaaaaaaaaaaaaaaaaaaaa";
export const states = stateSchema.options;

type Fields = Readonly<Record<string, string | number | undefined>>;

/** Changed, started and active a minute ago; nobody is at work on it. */
export function aRecord(state: State, fields: Fields = {}): PreviewRecord {
  const all: Fields = { ...common, state, ...ofState[state], ...fields };
  const texts = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return recordSchema.parse(Object.fromEntries(texts));
}

export function aSnapshot(state: State, fields: Fields = {}, viewers = 0, holds = 0): Snapshot {
  return { now: NOW, viewers, holds, record: aRecord(state, fields) };
}

const MINUTE_AGO = NOW - 60_000;
const HOUR_AGO = NOW - 3_600_000;

const common: Fields = {
  v: 1,
  projectId: "p1",
  userId: "u1",
  wanted: "resting",
  epoch: 3,
  reason: "requested",
  changedAt: MINUTE_AGO,
  lastActiveAt: MINUTE_AGO,
};

const sandbox: Fields = { sandboxId: SANDBOX_ID, runStartedAt: MINUTE_AGO, endsAt: NOW + 900_000 };

const ofState: Readonly<Record<State, Fields>> = {
  absent: {},
  starting: { wanted: "running" },
  running: {
    ...sandbox,
    wanted: "running",
    port: 3000,
    cameBack: "resumed",
    readyAt: HOUR_AGO,
    tookMs: 900,
  },
  pausing: { ...sandbox, reason: "idle" },
  paused: { ...sandbox, pausedAt: MINUTE_AGO, reason: "idle" },
  resuming: { ...sandbox, wanted: "running", reason: "returned" },
  expired: { reason: "sandbox-gone" },
  failed: { reason: "install-failed" },
};
