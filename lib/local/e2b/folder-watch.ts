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
import { isMissing } from "@/lib/local/e2b/entry-info";
import { type Change, type Hint, judge, keyOf, look, type Seen } from "@/lib/local/e2b/folder-changes";

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
  private readonly known = new Map<string, Seen>();
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
      await opened.adopt("");
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
  private async adopt(folder: string): Promise<string[]> {
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
      this.known.set(path, seen);
      found.push(path);
      if (seen.isFolder && this.isRecursive) found.push(...(await this.adoptIfThere(path)));
    }
    return found;
  }

  private async adoptIfThere(folder: string): Promise<string[]> {
    try {
      return await this.adopt(folder);
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
      const before = this.known.get(path);
      const after = now.get(path);
      for (const change of judge(before, after, hint, moved)) events.push({ name: path, change });
      events.push(...(await this.remember(path, before, after, moved)));
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
    before: Seen | undefined,
    after: Seen | undefined,
    moved: ReadonlySet<string>,
  ): Promise<FolderEvent[]> {
    const isAnother = keyOf(before) !== keyOf(after);
    if (before && isAnother) this.forget(path);
    if (!after) return [];
    this.known.set(path, after);
    if (!isAnother || !after.isFolder || !this.isRecursive) return [];
    const brought = await this.adoptIfThere(path);
    return moved.has(keyOf(after)) ? [] : brought.map((name) => ({ name, change: "CREATE" }));
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
