/**
 * Owns the question whether a sandbox came back from its pause as it went into it. Just before a pause of ours the files
 * are sealed: a manifest and a generation stand in the sandbox, and their hash outside, with the caller. Files may change
 * legitimately after that (processes run on until the pause and from the resume): what was written since the seal counts
 * as intact. Lost writes show as old content with old times (E2B #884, #1104; e2b.md §2.8, 2026-11-22).
 * It must never compare with the product's files, nor tell a name or a content. Fails closed: what cannot be looked
 * through is broken; only a provider that does not answer throws.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { WorkspaceUnreadableError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { type Base, bytesOf } from "./base";
import { GENERATION_FILE, generationFile, generationsIn } from "./generation";
import { defaultLimits, type WorkspaceLimits } from "./limits";
import { changesSince, type Manifest, manifestOf } from "./manifest";
import { type Scan, type ScannedFile, scanApp } from "./scan";

/** Small enough for the record; without contents and names. */
export interface SealMark {
  readonly generation: string;
  /** SHA-256 of the seal as it stands in the sandbox, 64 hexadecimal digits. */
  readonly sealHash: string;
}

export interface Seal extends SealMark {
  /** What was sealed is what the product has: nothing was changed since the base, and nothing is left out of saves. */
  readonly isAllSaved: boolean;
}

/** What the caller's record says of the last time that it knows of. */
export type Expected =
  /** The pause was ours and was sealed. */
  | ({ readonly kind: "sealed" } & SealMark)
  /** A boot's generation, or a pause that was not ours: files may be newer than any seal. */
  | { readonly kind: "unsealed"; readonly generation: string };

export type Integrity =
  /** `files` is how many were compared; 0 where only the generation counts. */
  | { readonly kind: "intact"; readonly files: number }
  | {
      readonly kind: "broken";
      /** The first of these that holds; `unreadable` is a disk on which not even the look succeeds. */
      readonly what: "unreadable" | "generation" | "seal" | "missing-file" | "changed-file";
      readonly files: number;
      readonly missing: number;
      readonly changed: number;
    };

export interface IntegrityParts {
  readonly sandboxes: Sandboxes;
  readonly limits?: WorkspaceLimits;
}

/**
 * Writes are flushed to the disk: a sandbox that is later booted from its files alone has lost what was only in memory
 * (SDK 2.51's comment on `onResume: "reboot"`, 2026-11-24). Best effort, and bounded: the memory is kept as well.
 */
export const flushScript = `
timeout 5 sync -f "$HOME/.rekindle/seal" 2> /dev/null || true
`;

const sealSchema = z.object({
  v: z.literal(1),
  startedAt: z.number(),
  /** Pairs, not an object: a file may be called `__proto__`. */
  files: z.array(z.tuple([z.string(), z.string()])),
});
type SealedFiles = z.infer<typeof sealSchema>;

/**
 * Seals the files as they are now, under a new generation; call it right before the pause, and record the answer before
 * the pause as well. May be repeated, each time with a generation of its own. @throws WorkspaceUnreadableError, and the
 * port's errors; the sandbox can then be paused unsealed, with the generation that the record has.
 */
export async function seal(
  { sandboxes, limits = defaultLimits }: IntegrityParts,
  target: { readonly sandboxId: SandboxId; readonly generation: string; readonly deadlineMs: number },
): Promise<Seal> {
  const { sandboxId, generation, deadlineMs } = target;
  const scan = await scanApp(sandboxes, limits, { sandboxId, deadlineMs, withSeal: false });
  const manifest = manifestOf(scan, limits);
  const { files } = manifest;
  const sealed: SealedFiles = {
    v: 1,
    startedAt: scan.startedAt,
    // What a save has given to the product, and not what comes and goes beside it (journals, bundlers' own files).
    files: [...files]
      .filter(([path]) => scan.base?.files.has(path) ?? true)
      .map(([path, { sha256 }]) => [path, sha256]),
  };
  const text = JSON.stringify(sealed);
  await sandboxes.writeFiles(sandboxId, [
    { path: ".rekindle/seal", content: bytesOf(text) },
    generationFile([generation, ...scan.generations.filter((name) => name !== generation)]),
  ]);
  await sandboxes.run(sandboxId, flushScript, { variables: {}, deadlineMs });
  return { generation, sealHash: hashOfText(text), isAllSaved: isAllSaved(scan.base, manifest) };
}

/** By the very look that was sealed: a process may have written since the save before it. */
function isAllSaved(base: Base | undefined, manifest: Manifest): boolean {
  if (!base || manifest.leftOut.length > 0) return false;
  const { changed, removed } = changesSince(base, manifest);
  return changed.length + removed.length === 0;
}

/** The sandbox must be running. Repeating it is harmless. @throws the port's errors */
export async function checkIntegrity(
  { sandboxes, limits = defaultLimits }: IntegrityParts,
  target: { readonly sandboxId: SandboxId; readonly expected: Expected; readonly deadlineMs: number },
): Promise<Integrity> {
  const { sandboxId, expected, deadlineMs } = target;
  if (expected.kind === "unsealed") {
    const [file] = await sandboxes.readFiles(sandboxId, [GENERATION_FILE]);
    const generations = generationsIn(new TextDecoder().decode(file?.content));
    return generations.includes(expected.generation) ? { kind: "intact", files: 0 } : broken("generation");
  }
  try {
    const scan = await scanApp(sandboxes, limits, { sandboxId, deadlineMs, withSeal: true });
    return judge(expected, scan, limits);
  } catch (error) {
    if (error instanceof WorkspaceUnreadableError) return broken("unreadable");
    throw error;
  }
}

/** Pure. */
export function judge(expected: SealMark, scan: Scan, { largestFileBytes }: WorkspaceLimits): Integrity {
  const age = scan.generations.indexOf(expected.generation);
  if (age < 0) return broken("generation");
  // A later seal stands over the one that the record knows; the disk is at least as new as expected.
  if (age > 0) return { kind: "intact", files: 0 };
  if (hashOfText(scan.seal) !== expected.sealHash) return broken("seal");
  const { startedAt, files } = sealSchema.parse(JSON.parse(scan.seal));
  const states = files.map(([path, sha256]) => stateOf(scan.files.get(path), sha256));
  const missing = states.filter((state) => state === "missing").length;
  const changed = states.filter((state) => state === "changed").length;
  if (missing === 0 && changed === 0) return { kind: "intact", files: files.length };
  return broken(missing > 0 ? "missing-file" : "changed-file", { files: files.length, missing, changed });

  function stateOf(found: ScannedFile | undefined, sha256: string): "intact" | "missing" | "changed" {
    if (!found) return "missing";
    // Both times are the same kernel's coarse ones: what was written during the seal or later is never the older.
    if (found.sha256 === sha256 || found.modifiedAt >= startedAt) return "intact";
    // Unhashed for the number of files before it: there, and no older state of it is known.
    return found.sha256 === undefined && found.sizeBytes <= largestFileBytes ? "intact" : "changed";
  }
}

const broken = (
  what: Extract<Integrity, { kind: "broken" }>["what"],
  counts = { files: 0, missing: 0, changed: 0 },
): Integrity => ({ kind: "broken", what, ...counts });

const hashOfText = (text: string): string => createHash("sha256").update(text).digest("hex");
