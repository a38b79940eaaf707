/**
 * Owns what is known of one preview, and how it is read from Redis. The record is a flat hash of strings there (so
 * that Lua needs no JSON) and a discriminated union here, in which each state says what must be known.
 * Fails closed: a version or shape that is not known throws `RecordUnreadableError`; nothing is defaulted.
 */
import { z } from "zod";
import { leaseIdSchema, projectIdSchema, sandboxIdSchema, userIdSchema } from "../ids";
import { reasonSchema } from "./reasons";
import { stateSchema } from "./transitions";

/** The version of the record's shape; readers refuse others (a deploy in mid-run shares state with the old code). */
export const recordVersion = "1";

/** Redis keeps strings; times and counts are whole numbers written without exponent. */
const whole = z
  .string()
  .regex(/^-?\d{1,16}$/)
  .transform(Number);

export const cameBackSchema = z.enum([
  "warm",
  "resumed",
  "restarted",
  "from-snapshot",
  "rebuilt-cached",
  "rebuilt-cold",
]);
/** How the preview came to run this time; `restarted` is a resume whose dev server had to be started again. */
export type CameBack = z.infer<typeof cameBackSchema>;

export const wantedSchema = z.enum(["running", "resting"]);
/** What should be true, written before any event or vendor call; work goes on until reality agrees. */
export type Wanted = z.infer<typeof wantedSchema>;

export const phaseSchema = z.enum([
  "claimed",
  "sandbox",
  "files",
  "install",
  "start",
  "answer",
  "save",
  "pause",
  "sync",
  "tidy",
]);
/** How far the holder of the claim has come; a takeover goes on from here and never begins again. */
export type Phase = z.infer<typeof phaseSchema>;

const common = z.object({
  v: z.literal(recordVersion),
  projectId: projectIdSchema,
  userId: userIdSchema,
  wanted: wantedSchema,
  /** Counts the claims; whoever writes must still have the newest. */
  epoch: whole,
  reason: reasonSchema,
  changedAt: whole,
  lastActiveAt: whole.optional(),
  /** When the last viewer left; absent while somebody is there, and when everybody merely stopped beating. */
  leftAt: whole.optional(),
  /** The latest end of all holds, also when it has passed: until then the preview was in use. Absent without any. */
  heldUntil: whole.optional(),
  emittedAt: whole.optional(),
  emitSeq: whole.optional(),
  /** The claim: who may write until when. Absent when nobody is at work. */
  leaseId: leaseIdSchema.optional(),
  leaseUntil: whole.optional(),
  leaseKind: z.enum(["open", "pause", "renew", "sync", "settle", "adopt", "retire"]).optional(),
  phase: phaseSchema.optional(),
  phaseAt: whole.optional(),
  /** Names the install and start jobs inside the sandbox, so that a takeover finds them. */
  bootId: z.string().optional(),
  /** The job of a server that had to be started again after a resume; its memory was lost. */
  restartId: z.string().optional(),
  /** The boot whose files are in the sandbox; a takeover does not bring them again under its running jobs. */
  filesFor: z.string().optional(),
  claimedAt: whole.optional(),
  revision: z.string().optional(),
  /** A newer revision was announced that is not in the sandbox yet; `sync-preview` brings it as soon as it runs. */
  syncAskedAt: whole.optional(),
  /** When the files in the sandbox were last known to be in the product's hands. */
  savedAt: whole.optional(),
  /** How many files in the sandbox could not be given back at the last try, and why the last try saved nothing. */
  unsaved: whole.optional(),
  /** What the last boot or seal wrote into the sandbox; a sandbox without it has lost writes. */
  generation: z.string().optional(),
  /** Hash of the seal that was taken for the pause of this run; absent when the pause was not ours. */
  sealHash: z.string().optional(),
  /** A damaged sandbox that was put aside and has still to be paused. */
  asideId: sandboxIdSchema.optional(),
  /** Since when its sandbox is known to have come back damaged; until it was mended or put aside. */
  damagedAt: whole.optional(),
  port: whole.optional(),
  cameBack: cameBackSchema.optional(),
  readyAt: whole.optional(),
  /** The claim under which it came to run: who asks again after a lost answer learns that it was its own doing. */
  readyBy: leaseIdSchema.optional(),
  /** How long the person waited for the last start or resume. */
  tookMs: whole.optional(),
  /** When an extension last moved the provider's end. */
  extendedAt: whole.optional(),
  /** When the run was last renewed before its end, and how long the preview was away for it. */
  renewedAt: whole.optional(),
  renewTookMs: whole.optional(),
  /** Since when it stands in the line for a place; absent when it does not. */
  waitingSince: whole.optional(),
  /** Why it was not let run when it was last asked for; absent once it was. */
  refusedBecause: reasonSchema.optional(),
  refusedAt: whole.optional(),
  /** What failed in the project's other starts, when this one was not tried for it. */
  brokenReason: reasonSchema.optional(),
  /** At this rest every file in the sandbox is in the product's hands; the time of the pause. */
  safeAt: whole.optional(),
  /** Its retention is over, and its files could not be shown to be safe: it is kept until then, and looked at again. */
  keptUntil: whole.optional(),
  /** The highest epoch that the provider's labels told: the next claim is above it. */
  epochFloor: whole.optional(),
  /** It was forgotten and opened again: what has an epoch up to this one is not its own. */
  forgottenEpoch: whole.optional(),
  /** Where the provider really ends the run, when it was found to end it before the plan's longest. */
  runCapAt: whole.optional(),
});

const sandboxFields = {
  sandboxId: sandboxIdSchema,
  runStartedAt: whole,
  /** The end that the provider confirmed, read back after each change. */
  endsAt: whole,
};
const someSandboxFields = z.object(sandboxFields).partial().shape;

const absent = common.extend({ state: z.literal(stateSchema.enum.absent) });
const starting = common.extend({ state: z.literal(stateSchema.enum.starting), ...someSandboxFields });
const running = common.extend({ state: z.literal(stateSchema.enum.running), ...sandboxFields, port: whole });
const pausing = common.extend({ state: z.literal(stateSchema.enum.pausing), ...sandboxFields });
const paused = common.extend({
  state: z.literal(stateSchema.enum.paused),
  ...someSandboxFields,
  sandboxId: sandboxIdSchema,
  pausedAt: whole,
});
const resuming = common.extend({
  state: z.literal(stateSchema.enum.resuming),
  ...someSandboxFields,
  sandboxId: sandboxIdSchema,
  /** Of the rest that it comes back from; absent when it ran past its end. */
  pausedAt: whole.optional(),
});
const expired = common.extend({ state: z.literal(stateSchema.enum.expired) });
const failed = common.extend({ state: z.literal(stateSchema.enum.failed), ...someSandboxFields });

export const recordSchema = z.discriminatedUnion("state", [
  absent,
  starting,
  running,
  pausing,
  paused,
  resuming,
  expired,
  failed,
]);

export type PreviewRecord = z.infer<typeof recordSchema>;

/** What holds around a record: its standing in the line, the operators' switches, its user's state and use. */
export interface Around {
  /** While it waits for a place: its position from 1, 0 once one is offered to it, and how long that may take where there is something to go by. */
  readonly line?: { readonly position: number; readonly waitMs?: number };
  /** Nothing is brought to rest, killed, evicted or swept while an operator looks. */
  readonly isEverythingHeld?: boolean;
  /** No new sandbox is made. */
  readonly isCreatingStopped?: boolean;
  /** Its user may not run anything, for this reason. */
  readonly suspendedBecause?: string;
  /** How long all of its user's sandboxes have run; only where that is limited. */
  readonly usage?: { readonly dayMs: number; readonly monthMs: number };
}

/** What one read of Redis tells: the record, who is there, and the only `now` that decisions may use. */
export interface Snapshot extends Around {
  /** Redis's own clock, in milliseconds. */
  readonly now: number;
  /** Viewers whose last beat is recent enough to count. */
  readonly viewers: number;
  /** Holds that have not ended: agents at work. */
  readonly holds: number;
  readonly record: PreviewRecord;
}

/** Whether somebody holds the claim right now. */
export function isClaimed(snapshot: Snapshot): boolean {
  const { record, now } = snapshot;
  return record.leaseId !== undefined && record.leaseUntil !== undefined && record.leaseUntil > now;
}

/** The sandbox that the record names, in whatever state; at most one, always. */
export function sandboxOf(record: PreviewRecord): z.infer<typeof sandboxIdSchema> | undefined {
  return "sandboxId" in record ? record.sandboxId : undefined;
}

/**
 * The sandbox of a preview that rests, is brought to rest or brought back: none of these is read without one.
 * @throws of any other that has none
 */
export function sandboxAtHand(record: PreviewRecord): z.infer<typeof sandboxIdSchema> {
  const sandboxId = sandboxOf(record);
  if (sandboxId === undefined) throw new Error(`a preview that is "${record.state}" names no sandbox`);
  return sandboxId;
}

/** Past the end that the provider confirmed it is paused there, whatever the record says until somebody looks. */
export function isRunOver({ record, now }: Snapshot): boolean {
  return record.state === "running" && now >= record.endsAt;
}
