/**
 * Owns what is remembered of a preview: each move from state to state and what else changed its lot, newest first, as
 * Redis's stream keeps it. Pure. It holds no file contents, names or tokens. Fails open: an entry of another version
 * that cannot be read is left out, since the rest of a history is worth having without it.
 */
import { z } from "zod";
import { reasonSchema } from "./reasons";
import { cameBackSchema } from "./record";
import { stateSchema } from "./transitions";

const whole = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);

const entryFields = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("moved"),
    from: stateSchema,
    to: stateSchema,
    reason: reasonSchema,
    /** The claim under which it moved; its first word says what took it. */
    by: z.string(),
    /** How long it had been in the state that it left. */
    afterMs: whole,
    sandboxId: z.string().optional(),
    /** Of a way to running: how it came back, and how long it took. */
    cameBack: cameBackSchema.optional(),
    tookMs: whole.optional(),
  }),
  z.object({ kind: z.literal("held"), by: z.string(), until: whole }),
  z.object({ kind: z.literal("released"), by: z.string() }),
  z.object({ kind: z.literal("saved"), revision: z.string(), files: whole }),
  /** What is in the sandbox could not be given back to the product. */
  z.object({
    kind: z.literal("not-saved"),
    files: whole,
    why: z.enum(["stale-base", "not-supported", "left-out", "failed"]),
  }),
  z.object({ kind: z.literal("synced"), revision: z.string(), files: whole, overwritten: whole }),
  /** The sandbox came back damaged and was put aside, paused, for whoever wants to look into it. */
  z.object({ kind: z.literal("put-aside"), sandboxId: z.string(), what: z.string() }),
  /** Its retention was over, and its files could not be shown to be in the product's hands. */
  z.object({ kind: z.literal("kept"), sandboxId: z.string() }),
]);

export type HistoryFields = z.input<typeof entryFields>;
/** `at` is Redis's time in milliseconds. */
export type HistoryEntry = z.output<typeof entryFields> & { readonly at: number };

/** Id, then the kind, and lines that are names and values in turn. */
const streamSchema = z.array(
  z.tuple([z.string(), z.tuple([z.literal("kind"), z.string(), z.literal("fields"), z.string()])]),
);

/** Newest first, as the stream answered them. */
export function parseHistory(stream: unknown): HistoryEntry[] {
  return streamSchema.parse(stream).flatMap(([id, [, kind, , lines]]) => {
    const flat = lines.split("\n");
    const fields: Record<string, string> = { kind };
    for (let index = 0; index + 1 < flat.length; index += 2) {
      fields[String(flat[index])] = String(flat[index + 1]);
    }
    const entry = entryFields.safeParse(fields);
    return entry.success ? [{ ...entry.data, at: Number(id.split("-")[0]) }] : [];
  });
}

export type Moved = Extract<HistoryEntry, { kind: "moved" }>;

/** The moves from state to state among them, in their order. */
export const moves = (history: readonly HistoryEntry[]): Moved[] =>
  history.filter((entry) => entry.kind === "moved");

/** What took the claim under which something was done, by the first word of its id. */
export type Actor =
  | "person"
  | "agent"
  | "product"
  | "operator"
  | "idle"
  | "leaving"
  | "renewal"
  | "sweep"
  | "sync"
  | "audit";

const actors: Readonly<Record<string, Actor>> = {
  route: "person",
  agent: "agent",
  hold: "agent",
  open: "product",
  idle: "idle",
  left: "leaving",
  renew: "renewal",
  check: "sweep",
  sync: "sync",
  operator: "operator",
  rest: "operator",
  audit: "audit",
};

/** `product`: an event of the product's, or a start that went on under it. */
export function actorOf(by: string): Actor {
  return actors[by.split("-")[0] ?? ""] ?? "product";
}
