/**
 * Owns the watched folders of one sandbox: those that a stream tells of, and those whose events a client fetches. A
 * stream ends with a pause; what is fetched lives in the machine's memory, survives a pause and is lost with it. It
 * must never keep a folder watched that nobody can ask about any more.
 */
import { randomBytes } from "node:crypto";
import type { EntryInfo } from "@/lib/local/e2b/envd/entry-info";
import type { Change } from "@/lib/local/e2b/envd/folder-changes";
import type { FolderWatch } from "@/lib/local/e2b/envd/folder-watch";
import type { Cut } from "@/lib/local/e2b/machine/cut";

/** As envd's `FilesystemEvent`. */
export interface WireEvent {
  readonly name: string;
  readonly type: `EVENT_TYPE_${Change}`;
  readonly entry?: EntryInfo;
}

export class FolderWatches {
  private readonly streams = new Set<(why: Cut) => void>();
  private readonly fetched = new Map<string, FetchedWatch>();

  /** `cut` ends the stream because the sandbox does not run any more. Gives how to take it out again. */
  addStream(cut: (why: Cut) => void): () => void {
    this.streams.add(cut);
    return () => {
      this.streams.delete(cut);
    };
  }

  /** Gives the id by which its events are fetched. */
  addFetched(watch: FetchedWatch): string {
    const id = `w${randomBytes(10).toString("hex")}`;
    this.fetched.set(id, watch);
    return id;
  }

  find(id: string): FetchedWatch | undefined {
    return this.fetched.get(id);
  }

  /** False when there is none. */
  remove(id: string): boolean {
    this.fetched.get(id)?.close();
    return this.fetched.delete(id);
  }

  cutStreams(why: Cut): void {
    for (const cut of this.streams) cut(why);
    this.streams.clear();
  }

  /** Ends those whose events are fetched: with the machine's memory they are gone. */
  close(): void {
    for (const id of [...this.fetched.keys()]) this.remove(id);
  }
}

/** As many as Linux queues for a watcher (`fs.inotify.max_queued_events`): with more it counts as broken. */
const MOST_UNREAD = 16_384;

export class FetchedWatch {
  private unread: WireEvent[] = [];
  private failure: string | undefined;

  constructor(private readonly watch: FolderWatch) {}

  add(events: readonly WireEvent[]): void {
    this.unread.push(...events);
    if (this.unread.length > MOST_UNREAD) this.fail("queue or buffer overflow");
  }

  fail(why: string): void {
    this.failure ??= why;
    this.close();
  }

  /** Each event once, or why there are none any more. */
  take(): { readonly events: readonly WireEvent[] } | { readonly failure: string } {
    if (this.failure !== undefined) return { failure: this.failure };
    const events = this.unread;
    this.unread = [];
    return { events };
  }

  close(): void {
    this.unread = [];
    this.watch.close();
  }
}
