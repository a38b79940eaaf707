/**
 * Owns the reading of what the scripts of one preview answer: status, Redis's now, what is around the record, the record
 * and an extra. Pure. Fails closed: a reply that it does not know is `StoreRefusedError`, a record that it does not know
 * `RecordUnreadableError`; nothing is defaulted.
 */
import { z } from "zod";
import { RecordUnreadableError, StoreRefusedError } from "@/lib/errors";
import type { Scope } from "@/lib/ids";
import { type Around, type PreviewRecord, recordSchema, type Snapshot } from "@/lib/preview/record";
import type { Script, ScriptReply } from "@/lib/redis";
import { absentRecord } from "./store";

export interface Reply {
  readonly status: string;
  readonly snapshot: Snapshot;
  readonly extra: string;
}

/** An empty text is "none". */
const maybeNumber = z.string().transform((text) => (text === "" ? undefined : Number(text)));

const aroundSchema = z.tuple([
  z.coerce.number(),
  z.coerce.number(),
  maybeNumber,
  maybeNumber,
  z.string(),
  z.string(),
  maybeNumber,
  maybeNumber,
]);

const replySchema = z.tuple([z.string(), z.coerce.number(), aroundSchema, z.array(z.string()), z.string()]);

export function parseReply(script: Script, scope: Scope, previewId: string, raw: ScriptReply): Reply {
  const parsed = replySchema.safeParse(raw);
  if (!parsed.success) throw new StoreRefusedError(script.name, parsed.error);
  const [status, now, around, flat, extra] = parsed.data;
  const [viewers, holds] = around;
  const record = parseRecord(scope, previewId, flat);
  return { status, extra, snapshot: { now, viewers, holds, record, ...aroundOf(around) } };
}

function aroundOf(around: z.output<typeof aroundSchema>): Around {
  const [, , position, waitMs, flags, suspended, dayMs, monthMs] = around;
  return {
    ...(position === undefined ? {} : { line: { position, ...(waitMs === undefined ? {} : { waitMs }) } }),
    ...(flags.includes("h") ? { isEverythingHeld: true } : {}),
    ...(flags.includes("c") ? { isCreatingStopped: true } : {}),
    ...(suspended === "" ? {} : { suspendedBecause: suspended }),
    ...(dayMs === undefined || monthMs === undefined ? {} : { usage: { dayMs, monthMs } }),
  };
}

function parseRecord(scope: Scope, previewId: string, flat: readonly string[]): PreviewRecord {
  // Presence and the log outlive nothing: a hash with only such leftovers cannot exist, so empty means never opened.
  if (flat.length === 0) return absentRecord(scope);
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2)
    fields[String(flat[index])] = String(flat[index + 1]);
  const parsed = recordSchema.safeParse(fields);
  if (!parsed.success) throw new RecordUnreadableError(previewId, parsed.error);
  return parsed.data;
}
