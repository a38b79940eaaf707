/**
 * Owns the base of a sandbox's files: what the product gave, and under which revision. It stands in the sandbox, so
 * that a save compares with what really was brought there. It must never hold contents. What does not read as a base
 * (it lay in the hands of the sandbox's user) counts as none: then nothing is known to have changed.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { WorkspaceFile } from "@/lib/sandbox/port";
import { isInside } from "./files";
import { type Needs, needsSchema, stronger } from "./needs";

export interface Base {
  readonly revision: string;
  /** The hash of each file's content, by its path. */
  readonly files: ReadonlyMap<string, string>;
  /** What a sandbox in which `since` is in effect still needs before this revision is. */
  readonly pending?: { readonly since: string; readonly needs: Needs };
}

/** Pairs, not an object: a file may be called `__proto__`. */
const filesSchema = z.array(z.tuple([z.string().refine(isInside), z.string().regex(/^[0-9a-f]{64}$/)]));

const baseSchema = z.object({
  v: z.literal(1),
  revision: z.string(),
  files: filesSchema,
  pending: z.object({ since: z.string(), needs: needsSchema }).optional(),
});

export function parseBase(text: string): Base | undefined {
  const parsed = baseSchema.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { revision, files, pending } = parsed.data;
  return { revision, files: new Map(files), ...(pending ? { pending } : {}) };
}

/** The base as it stands in the sandbox; write it after the files that it tells of. */
export function baseFile({ revision, files, pending }: Base): WorkspaceFile {
  const text = JSON.stringify({ v: 1, revision, files: [...files], pending });
  return { path: ".rekindle/base", content: bytesOf(text) };
}

/**
 * The paths alone, each before a null byte, for the scripts in the sandbox. Write it before the files: what a boot that
 * broke off has brought is then still known to be the product's.
 */
export function fileList(paths: Iterable<string>): WorkspaceFile {
  return { path: ".rekindle/files", content: nullEnded(paths) };
}

export const nullEnded = (paths: Iterable<string>): Uint8Array =>
  bytesOf([...paths].map((path) => `${path}\0`).join(""));

/** What is needed for this base beyond `needs`, where `inEffect` is what the sandbox's processes started from. */
export function withPending(base: Base, inEffect: string | undefined, needs: Needs): Needs {
  const { pending } = base;
  return pending && (inEffect === undefined || pending.since === inEffect)
    ? stronger(pending.needs, needs)
    : needs;
}

export const hashOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

export const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, and so no base.
    return undefined;
  }
}
