/**
 * Owns one watched folder: what happened in it, in the words of fsnotify, which envd uses. Node says only that a name
 * has something to do with a change, so each hint is judged by what is there now and what was there before. So what
 * comes and goes between two looks is not told, a file that left the watched tree is told as removed, and a reader who
 * is slow is told less, never late without end. It must never follow a link out of the folder. A folder that cannot be
 * watched rejects at the start, and is told to `onError` later.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { isMissing } from "@/lib/local/e2b/envd/entry-info";
import {
  type Change,
  type Hint,
  judge,
  type Known,
  keyOf,
  knownAfter,
  knownAsMade,
  knownBefore,
  look,
  type Seen,
} from "@/lib/local/e2b/envd/folder-changes";

export interface FolderEvent {
  /** Relative to the watched folder; `.` is the folder itself. */
  readonly name: string;
  readonly change: Change;
}

export interface FolderReport {
  /** Nothing more is told until it resolves. */
  onEvents(events: readonly FolderEvent[]): Promise<void>;
  onError(error: unknown): void;
}

export class FolderWatch {
  private readonly known = new Map<string, Known>();
  private readonly watchers = new Map<string, FSWatcher>();
  private hints = new Map<string, Hint>();
  private report: FolderReport | undefined;
  private isDigesting = false;
  private isClosed = false;

  private constructor(
    private readonly folder: string,
    private readonly isRecursive: boolean,
  ) {}

  /** Resolves when everything that happens from now on will be told. */
  static async open(folder: string, isRecursive: boolean): Promise<FolderWatch> {
    const opened = new FolderWatch(folder, isRecursive);
    try {
      await opened.adopt("", knownBefore);
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  }

  tell(report: FolderReport): void {
    this.report = report;
    this.schedule();
  }

  close(): void {
    this.isClosed = true;
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  /** Watches a folder of the tree, and gives what is in it already. Watched first: what comes meanwhile is a hint. */
  private async adopt(folder: string, asKnown: (seen: Seen) => Known): Promise<string[]> {
    if (this.isClosed) return [];
    const watcher = watch(join(this.folder, folder), { persistent: false }, (kind, name) => {
      if (name !== null) this.hint(within(folder, name), kind);
    });
    watcher.on("error", (error) => this.fail(error));
    this.watchers.set(folder, watcher);
    const found: string[] = [];
    for (const name of await readdir(join(this.folder, folder))) {
      const path = within(folder, name);
      const seen = await look(join(this.folder, path));
      if (!seen) continue;
      this.known.set(path, asKnown(seen));
      found.push(path);
      if (seen.isFolder && this.isRecursive) found.push(...(await this.adoptIfThere(path, asKnown)));
    }
    return found;
  }

  private async adoptIfThere(folder: string, asKnown: (seen: Seen) => Known): Promise<string[]> {
    try {
      return await this.adopt(folder, asKnown);
    } catch (error) {
      // It has gone again, and its parent's hint says so.
      if (isMissing(error)) return [];
      throw error;
    }
  }

  private hint(path: string, kind: "rename" | "change"): void {
    const hint = this.hints.get(path) ?? { isRenamed: false, isChanged: false };
    this.hints.set(path, {
      isRenamed: hint.isRenamed || kind === "rename",
      isChanged: hint.isChanged || kind === "change",
    });
    this.schedule();
  }

  /** Not at once: both names of a rename come in the same turn of the loop. */
  private schedule(): void {
    if (!this.report || this.isDigesting || this.hints.size === 0) return;
    this.isDigesting = true;
    setImmediate(() => {
      this.digestAll(this.report).catch((error: unknown) => this.fail(error));
    });
  }

  private async digestAll(report: FolderReport | undefined): Promise<void> {
    while (this.hints.size > 0 && !this.isClosed) {
      const hints = this.hints;
      this.hints = new Map();
      const events = await this.digest(hints);
      if (events.length > 0 && !this.isClosed) await report?.onEvents(events);
    }
    this.isDigesting = false;
  }

  private async digest(hints: ReadonlyMap<string, Hint>): Promise<FolderEvent[]> {
    const now = new Map<string, Seen | undefined>();
    for (const path of hints.keys()) now.set(path, await look(join(this.folder, path)));
    const moved = this.movedAmong(now);
    const events: FolderEvent[] = [];
    for (const [path, hint] of hints) {
      const after = now.get(path);
      const changes = judge(this.known.get(path), after, hint, moved);
      for (const change of changes) events.push({ name: path, change });
      events.push(...(await this.remember(path, after, changes, moved)));
    }
    if (hints.has(basename(this.folder)) && !(await look(this.folder))) {
      events.push({ name: ".", change: "REMOVE" });
    }
    return events;
  }

  /** What left one name and came to another among these. */
  private movedAmong(now: ReadonlyMap<string, Seen | undefined>): Set<string> {
    const gone = new Set<string>();
    const come = new Set<string>();
    for (const [path, after] of now) {
      const before = this.known.get(path);
      if (before && keyOf(before) !== keyOf(after)) gone.add(keyOf(before));
      if (after && keyOf(before) !== keyOf(after)) come.add(keyOf(after));
    }
    return new Set([...gone].filter((key) => come.has(key)));
  }

  /** Gives what a folder that is new to the tree brought with it. */
  private async remember(
    path: string,
    after: Seen | undefined,
    changes: readonly Change[],
    moved: ReadonlySet<string>,
  ): Promise<FolderEvent[]> {
    const before = this.known.get(path);
    const isAnother = keyOf(before) !== keyOf(after);
    if (before && isAnother) this.forget(path);
    if (!after) return [];
    const hasMoved = isAnother && moved.has(keyOf(after));
    this.known.set(path, hasMoved ? knownBefore(after) : knownAfter(before, after, changes));
    if (!isAnother || !after.isFolder || !this.isRecursive) return [];
    if (hasMoved) {
      await this.adoptIfThere(path, knownBefore);
      return [];
    }
    const brought = await this.adoptIfThere(path, knownAsMade);
    return brought.map((name) => ({ name, change: "CREATE" }));
  }

  private forget(path: string): void {
    const isBelow = (other: string) => other === path || other.startsWith(`${path}/`);
    for (const other of this.known.keys()) if (isBelow(other)) this.known.delete(other);
    for (const [other, watcher] of this.watchers) {
      if (!isBelow(other)) continue;
      watcher.close();
      this.watchers.delete(other);
    }
  }

  private fail(error: unknown): void {
    if (this.isClosed) return;
    this.close();
    this.report?.onError(error);
  }
}

function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
