/**
 * Owns what the browser reads of the server's answers: the view, the history and refusals. Deliberately wider than the server's own type where the pane
 * only shows the words: a tab that was open during a deploy must go on with reasons and phases that it has never heard
 * of. Pure. Fails closed: an answer without the parts that the pane decides by is `undefined`, never guessed at.
 */
import { z } from "zod";

export const paneStateSchema = z.enum([
  "absent",
  "starting",
  "running",
  "pausing",
  "paused",
  "resuming",
  "expired",
  "failed",
]);
export type PaneState = z.infer<typeof paneStateSchema>;

/** Milliseconds since the epoch, by the server's clock. */
const serverTime = z.number();

const paneViewSchema = z.object({
  projectId: z.string(),
  state: paneStateSchema,
  reason: z.object({ code: z.string(), title: z.string(), message: z.string() }),
  action: z.enum(["none", "open", "try-again"]),
  // Only addresses: a `javascript:` one must never reach a frame.
  url: z.url({ protocol: /^https?$/ }).exactOptional(),
  sandboxId: z.string().exactOptional(),
  files: z
    .object({
      revision: z.string(),
      savedAt: serverTime.exactOptional(),
      unsaved: z.number().exactOptional(),
      syncAskedAt: serverTime.exactOptional(),
    })
    .exactOptional(),
  step: z.object({ phase: z.string(), title: z.string(), startedAt: serverTime }).exactOptional(),
  steps: z
    .array(z.object({ phase: z.string(), title: z.string(), standing: z.enum(["done", "current", "ahead"]) }))
    .readonly()
    .exactOptional(),
  waitingSince: serverTime.exactOptional(),
  logTail: z.string().exactOptional(),
  cameBack: z
    .object({ how: z.string(), title: z.string(), at: serverTime, tookMs: z.number() })
    .exactOptional(),
  renewal: z.object({ estimateMs: z.number(), startedAt: serverTime }).exactOptional(),
  warning: z
    .object({
      kind: z.string(),
      deadline: serverTime,
      canExtend: z.boolean(),
      title: z.string(),
      message: z.string(),
    })
    .exactOptional(),
  usage: z.object({ title: z.string(), message: z.string(), resetsAt: serverTime }).exactOptional(),
  restsAt: serverTime.exactOptional(),
  providerEndsAt: serverTime.exactOptional(),
  pausedAt: serverTime.exactOptional(),
  viewers: z.number(),
  // A server from before there were holds tells of none.
  holds: z.number().default(0),
  heldUntil: serverTime.exactOptional(),
  serverNow: serverTime,
  beatEveryMs: z.number().positive(),
});

/** A preview as the pane shows it; every `PreviewView` of the server is one (a type test says so). */
export type PaneView = z.infer<typeof paneViewSchema>;
export type PaneWarning = NonNullable<PaneView["warning"]>;

export function parsePaneView(answer: unknown): PaneView | undefined {
  return paneViewSchema.safeParse(answer).data;
}

const paneHistorySchema = z.object({
  why: z.array(z.string()).readonly(),
  entries: z.array(z.object({ at: serverTime, title: z.string(), detail: z.string() })).readonly(),
});

/** Why it is as it is, and what happened to it, newest first. */
export type PaneHistory = z.infer<typeof paneHistorySchema>;

export function parsePaneHistory(answer: unknown): PaneHistory | undefined {
  return paneHistorySchema.safeParse(answer).data;
}

const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), retriable: z.boolean().default(false) }),
});

export type Refusal = z.infer<typeof refusalSchema>["error"];

export function parseRefusal(answer: unknown): Refusal | undefined {
  return refusalSchema.safeParse(answer).data?.error;
}
