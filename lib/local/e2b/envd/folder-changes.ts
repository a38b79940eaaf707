/**
 * Owns how two looks at one name become changes in fsnotify's words. Pure, but for the look itself. A look may see what
 * a later hint is about, and two writes within one tick of the file system look alike, so a write is told once too
 * often rather than never: it must never leave a written state untold.
 */
import { lstat } from "node:fs/promises";
import { isMissing } from "@/lib/local/e2b/envd/entry-info";

export type Change = "CREATE" | "WRITE" | "REMOVE" | "RENAME" | "CHMOD";

/** What Node said of a name since the last look, all in one. */
export interface Hint {
  /** It came, went or was replaced. */
  readonly isRenamed: boolean;
  /** Its content or its attributes changed. */
  readonly isChanged: boolean;
}

export interface Seen {
  readonly isFolder: boolean;
  readonly device: number;
  readonly inode: number;
  readonly bornMs: number;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly writtenMs: number;
  readonly changedMs: number;
}

/** What a name was when it was last told of. */
export interface Known extends Seen {
  /** The time of the last write that was told; undefined when what is in a new file has not been told yet. */
  readonly toldWrittenMs: number | undefined;
}

/** Undefined when nothing is there. */
export async function look(path: string): Promise<Seen | undefined> {
  try {
    const stats = await lstat(path);
    return {
      isFolder: stats.isDirectory(),
      device: stats.dev,
      inode: stats.ino,
      bornMs: stats.birthtimeMs,
      mode: stats.mode,
      sizeBytes: stats.size,
      writtenMs: stats.mtimeMs,
      changedMs: stats.ctimeMs,
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The same for the same file under any name. The birth is in it because numbers are used again. */
export function keyOf(seen: Seen | undefined): string {
  return seen ? `${seen.device}:${seen.inode}:${seen.bornMs}` : "";
}

/** `moved` holds the keys of what has another name now. */
export function judge(
  before: Known | undefined,
  after: Seen | undefined,
  hint: Hint,
  moved: ReadonlySet<string>,
): Change[] {
  if (!after) {
    if (!before) return [];
    return [moved.has(keyOf(before)) ? "RENAME" : "REMOVE"];
  }
  if (!before || keyOf(before) !== keyOf(after)) {
    return hint.isChanged && !after.isFolder ? ["CREATE", "WRITE"] : ["CREATE"];
  }
  return hint.isChanged ? judgeContent(before, after) : [];
}

function judgeContent(before: Known, after: Seen): Change[] {
  // A folder's own time moves with what is in it, which is told by the names in it.
  if (after.isFolder) return ["CHMOD"];
  const isWritten = after.writtenMs !== before.toldWrittenMs || after.sizeBytes !== before.sizeBytes;
  const isOtherwise = after.mode !== before.mode || (!isWritten && after.changedMs !== before.changedMs);
  const changes: Change[] = [];
  if (isWritten || !isOtherwise) changes.push("WRITE");
  if (isOtherwise) changes.push("CHMOD");
  return changes;
}

/** What is there from before the watching: nothing of it is still to be told. */
export function knownBefore(seen: Seen): Known {
  return { ...seen, toldWrittenMs: seen.writtenMs };
}

/** What came while it was watched and has been told as made: what is in it is still to be told. */
export function knownAsMade(seen: Seen): Known {
  return { ...seen, toldWrittenMs: seen.sizeBytes === 0 ? seen.writtenMs : undefined };
}

/** After `changes` were told of it. */
export function knownAfter(before: Known | undefined, after: Seen, changes: readonly Change[]): Known {
  if (changes.includes("WRITE")) return knownBefore(after);
  if (changes.includes("CREATE")) return knownAsMade(after);
  return { ...after, toldWrittenMs: before?.toldWrittenMs };
}
