/**
 * Owns going back in time in-process: before a key is written, what it held is noted, so that a mark is a place in the
 * notes and going back is undoing them from the end. While nobody holds a mark nothing is noted, and what is older than
 * the oldest mark is forgotten. It must be told of every write before it happens. Fails closed: a mark that a later
 * return has made void throws.
 */
import type { Bytes } from "../bytes";
import type { StateMark } from "../engine";
import { isSameState, type KeyState, type Keyspace } from "./keyspace";

interface Note {
  readonly key: Bytes;
  readonly before: KeyState;
}

export class UndoLog {
  #notes: Note[] = [];
  /** How many notes were forgotten before the first that is kept. */
  #forgotten = 0;
  /** By the place of each: how many notes there had ever been. */
  readonly #marks = new Set<{ readonly place: number }>();
  /** Noted since the newest mark, once each. */
  readonly #noted = new Set<Bytes>();

  /** `changing` is told of the same keys, and of those that are put back. */
  constructor(
    private readonly keys: Keyspace,
    private readonly changing: ((keys: readonly Bytes[]) => void) | undefined,
  ) {}

  remember(keys: readonly Bytes[]): void {
    this.changing?.(keys);
    if (this.#marks.size === 0) return;
    for (const key of keys) {
      if (this.#noted.has(key)) continue;
      this.#noted.add(key);
      this.#notes.push({ key, before: this.keys.copyOf(key) });
    }
  }

  mark(): StateMark {
    const mark = { place: this.#forgotten + this.#notes.length };
    this.#marks.add(mark);
    this.#noted.clear();
    return {
      hasChanged: async () => this.#hasChanged(mark),
      restore: async () => this.#restore(mark),
      release: () => this.#release(mark),
    };
  }

  forgetAll(): void {
    this.#marks.clear();
    this.#noted.clear();
    this.#notes = [];
    this.#forgotten = 0;
  }

  #notesSince(mark: { readonly place: number }): readonly Note[] {
    if (!this.#marks.has(mark)) throw new Error("This mark is void: the keys have been put back before it.");
    return this.#notes.slice(mark.place - this.#forgotten);
  }

  #hasChanged(mark: { readonly place: number }): boolean {
    // Of several notes of a key the first tells how it was at the mark.
    const atMark = new Map([...this.#notesSince(mark)].reverse().map(({ key, before }) => [key, before]));
    return [...atMark].some(([key, before]) => this.#isOther(key, before));
  }

  #isOther(key: Bytes, before: KeyState): boolean {
    const now = this.keys.stateOf(key);
    const hasExpired =
      now === undefined && before?.expiresAtMs !== undefined && before.expiresAtMs <= this.keys.nowMs;
    return !hasExpired && !isSameState(now, before);
  }

  #restore(mark: { readonly place: number }): void {
    const notes = [...this.#notesSince(mark)].reverse();
    this.changing?.(notes.map(({ key }) => key));
    for (const { key, before } of notes) this.keys.putBack(key, before);
    this.#notes.length = mark.place - this.#forgotten;
    for (const other of this.#marks) if (other.place > mark.place) this.#marks.delete(other);
    this.#noted.clear();
  }

  #release(mark: { readonly place: number }): void {
    this.#marks.delete(mark);
    const oldest = Math.min(
      this.#forgotten + this.#notes.length,
      ...[...this.#marks].map(({ place }) => place),
    );
    this.#notes.splice(0, oldest - this.#forgotten);
    this.#forgotten = oldest;
  }
}
