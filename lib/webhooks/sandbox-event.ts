/**
 * Owns how E2B's lifecycle events are read (e2b.md §5.4, 2026-11-22): the payloads of v1 and v2, in our own words. Pure.
 * It must never need a field that nothing here uses: E2B adds fields and types. Fails closed: what is no such payload is
 * `junk`; one that is sound and says nothing to us is `ignored`.
 */
import { z } from "zod";

export const changeTypeSchema = z.enum(["created", "resumed", "updated", "paused", "killed"]);
/** Of E2B's types those after which a sandbox runs, rests or ends otherwise than before. */
export type ChangeType = z.infer<typeof changeTypeSchema>;

/** What E2B says has happened to one sandbox. */
export interface SandboxChange {
  readonly sandboxId: string;
  readonly type: ChangeType;
  /** When it happened, by E2B's clock, in milliseconds. */
  readonly at: number;
  /** `updated`: the new end of the run; absent when something else was changed, such as its network. */
  readonly endsAt?: number | undefined;
}

/** What the sandbox was labelled with when it was created; see `SandboxLabels`. */
export type Labels = Readonly<Partial<Record<(typeof labelNames)[number], string>>>;

export interface SandboxEvent {
  /** E2B's own, the same each time that this event is sent. */
  readonly id: string;
  readonly change: SandboxChange;
  readonly labels: Labels;
}

export type ReadEvent =
  | { readonly kind: "event"; readonly event: SandboxEvent }
  /** Sound, and of a version, type or end that this code knows nothing about. */
  | { readonly kind: "ignored" }
  | { readonly kind: "junk" };

const labelNames = ["app", "env", "previewId", "projectId", "userId"] as const;

const versions: readonly string[] = ["v1", "v2"];
const TYPE_PREFIX = "sandbox.lifecycle.";

/** Go writes nanoseconds; what lies below a millisecond is dropped. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const envelopeSchema = z.object({ version: z.string(), type: z.string() });

const payloadSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  sandboxId: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  timestamp: time,
  eventData: z
    .object({
      sandbox_metadata: z.record(z.string(), z.unknown()).nullish(),
      /** The end itself and not a duration, whatever its name says (DOC lifecycle-events-api). */
      set_timeout: z.unknown().optional(),
    })
    .nullish(),
});

export function readEvent(payload: unknown): ReadEvent {
  const envelope = envelopeSchema.safeParse(payload);
  if (!envelope.success) return { kind: "junk" };
  const type = changeTypeSchema.safeParse(withoutPrefix(envelope.data.type));
  if (!versions.includes(envelope.data.version) || !type.success) return { kind: "ignored" };
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) return { kind: "junk" };
  const { id, sandboxId, timestamp: at, eventData } = parsed.data;
  const end = time.nullish().safeParse(eventData?.set_timeout);
  if (!end.success) return { kind: "ignored" };
  const change = { sandboxId, type: type.data, at, ...(end.data == null ? {} : { endsAt: end.data }) };
  return { kind: "event", event: { id, change, labels: labelsIn(eventData?.sandbox_metadata ?? {}) } };
}

function withoutPrefix(type: string): string {
  return type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : "";
}

function labelsIn(metadata: Readonly<Record<string, unknown>>): Labels {
  const labels: Partial<Record<(typeof labelNames)[number], string>> = {};
  for (const name of labelNames) {
    const value = metadata[name];
    if (typeof value === "string") labels[name] = value;
  }
  return labels;
}
