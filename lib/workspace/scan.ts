/**
 * Owns reading what the scan script printed. What comes out of a sandbox was in its user's hands: a base that does not
 * read as one counts as none, a name that is no text is counted and not used, and the whole has a bound. Fails closed
 * with `WorkspaceUnreadableError` when the answer is not a whole one.
 */
import { gunzipSync } from "node:zlib";
import { WorkspaceUnreadableError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { type Base, parseBase } from "./base";
import { generationsIn } from "./generation";
import type { WorkspaceLimits } from "./limits";
import { scanScript } from "./scan-script";

export interface ScannedFile {
  readonly sizeBytes: number;
  /** By the sandbox's own clock, in milliseconds with fractions; only to be compared with another time of the same scans. */
  readonly modifiedAt: number;
  /** Absent where the file was beyond a limit, could not be read, or vanished meanwhile. */
  readonly sha256?: string;
}

export interface Scan {
  /** False when some folder could not be looked into: what is not in `files` may still be there. */
  readonly isWhole: boolean;
  /** No write that follows the start of the scan has an earlier `modifiedAt`. */
  readonly startedAt: number;
  /** Undefined where no project was brought whole. */
  readonly base: Base | undefined;
  /** The sandbox's generations, the newest first. */
  readonly generations: readonly string[];
  /** The seal's own text; empty unless it was asked for and is there. */
  readonly seal: string;
  /** The contents of each .gitignore, by the path of its folder (`""` is the project's root). */
  readonly ignoreFiles: ReadonlyMap<string, string>;
  readonly links: readonly string[];
  /** By path, whatever .gitignore says of it. */
  readonly files: ReadonlyMap<string, ScannedFile>;
  /** Names that are no UTF-8, as near as text comes to them. */
  readonly unnameable: readonly string[];
}

export interface ScanRequest {
  readonly sandboxId: SandboxId;
  readonly deadlineMs: number;
  readonly withSeal: boolean;
}

/** Far above what the limits let through, far below what would hurt: a sandbox may answer what it likes. */
const MOST_BYTES = 128 * 1024 * 1024;

/** One run in the sandbox, which must be running. @throws WorkspaceUnreadableError, and the port's errors */
export async function scanApp(
  sandboxes: Sandboxes,
  limits: WorkspaceLimits,
  { sandboxId, deadlineMs, withSeal }: ScanRequest,
): Promise<Scan> {
  const variables = {
    MOST: String(limits.mostFiles),
    LARGEST: String(limits.largestFileBytes),
    WITH_SEAL: withSeal ? "1" : "",
  };
  const { exitCode, stdout } = await sandboxes.run(sandboxId, scanScript, { variables, deadlineMs });
  if (exitCode !== 0) throw new WorkspaceUnreadableError(sandboxId, exitCode);
  try {
    return parseScan(stdout);
  } catch (error) {
    throw new WorkspaceUnreadableError(sandboxId, exitCode, error);
  }
}

/** @throws Error when it is not whole. */
function parseScan(printed: string): Scan {
  const records = recordsOf(gunzipSync(Buffer.from(printed, "base64"), { maxOutputLength: MOST_BYTES }));
  const record = (): Buffer => {
    const { value, done } = records.next();
    if (done) throw new Error("the scan broke off");
    return value;
  };
  const text = (): string => record().toString("utf8");
  const section = (): Buffer[] => {
    const all: Buffer[] = [];
    for (let next = record(); next.length > 0; next = record()) all.push(next);
    return all;
  };
  if (text() !== "rekindle-scan-1") throw new Error("this is no scan");
  const head = {
    isWhole: text() === "whole",
    startedAt: milliseconds(text()),
    base: parseBase(text()),
    generations: generationsIn(text()),
    seal: text(),
  };
  const [ignores, links, stats, hashes] = [section(), section(), section(), section()];
  if (text() !== "end") throw new Error("the scan does not end as one");
  const { files, unnameable } = filesOf(stats, hashes);
  return {
    ...head,
    ignoreFiles: ignoreFilesOf(ignores),
    links: links.map((raw) => withoutDot(raw.toString("utf8"))),
    files,
    unnameable,
  };
}

/** Name and rules in turn, the rules after a space. Rules in a folder whose name is no text can concern no usable name. */
function ignoreFilesOf(records: readonly Buffer[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < records.length; index += 2) {
    const path = withoutDot(records[index]?.toString("utf8") ?? "");
    found.set(path.slice(0, -"/.gitignore".length), records[index + 1]?.toString("utf8", 1) ?? "");
  }
  return found;
}

/** `<seconds> <bytes> <path>`, and `<hash>  <path>` of those that were hashed. */
function filesOf(stats: readonly Buffer[], hashes: readonly Buffer[]) {
  const files = new Map<string, ScannedFile>();
  const unnameable: string[] = [];
  for (const record of stats) {
    const afterTime = record.indexOf(" ");
    const afterSize = record.indexOf(" ", afterTime + 1);
    const name = exactText(record.subarray(afterSize + 1));
    const sizeBytes = Number(record.toString("latin1", afterTime + 1, afterSize));
    const modifiedAt = milliseconds(record.toString("latin1", 0, afterTime));
    if (name === undefined) unnameable.push(withoutDot(record.toString("utf8", afterSize + 1)));
    else files.set(withoutDot(name), { modifiedAt, sizeBytes });
  }
  for (const record of hashes) {
    const name = withoutDot(exactText(record.subarray(66)) ?? "");
    const file = files.get(name);
    if (file) files.set(name, { ...file, sha256: record.toString("latin1", 0, 64) });
  }
  return { files, unnameable };
}

function* recordsOf(bytes: Buffer): Generator<Buffer, undefined> {
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

function exactText(bytes: Buffer): string | undefined {
  const name = bytes.toString("utf8");
  return Buffer.from(name, "utf8").equals(bytes) ? name : undefined;
}

const withoutDot = (path: string): string => path.slice("./".length);

function milliseconds(secondsText: string): number {
  const value = Number(secondsText) * 1000;
  if (!Number.isFinite(value)) throw new Error("a time is no number");
  return value;
}
