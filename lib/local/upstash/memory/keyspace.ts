/**
 * Owns the keys of the in-process engine: typed values with expiry. Time is handed in with each command (one instant
 * per command or script, as in Redis), so an expired key is gone exactly when the injected clock says so, without
 * timers. It must never hand out an expired value. Fails closed: a value of another type is WRONGTYPE.
 */
import type { Bytes } from "../bytes";
import { wrongType } from "./command-error";
import { copyOfValue, isKind, isSameValue, type Value, type ValueOf } from "./values";

interface Slot {
  value: Value;
  expiresAtMs: number | undefined;
}

/** A key's value and expiry, apart from the keyspace; undefined when there is no such key. */
export type KeyState = Readonly<Slot> | undefined;

export class Keyspace {
  readonly #slots = new Map<Bytes, Slot>();
  /** The instant of the command that runs now. */
  nowMs = 0;

  /** The live value of exactly this kind, or undefined when there is no such key. */
  find<Kind extends Value["kind"]>(key: Bytes, kind: Kind): ValueOf<Kind> | undefined {
    const value = this.#live(key)?.value;
    if (value === undefined) return undefined;
    if (!isKind(value, kind)) throw wrongType();
    return value;
  }

  /** As `find`, but the given empty value is stored first when there is none; its key has no expiry. */
  findOrCreate<Kind extends Value["kind"]>(key: Bytes, empty: ValueOf<Kind>): ValueOf<Kind> {
    const found = this.find<Kind>(key, empty.kind);
    if (found !== undefined) return found;
    this.#slots.set(key, { value: empty, expiresAtMs: undefined });
    return empty;
  }

  kindOf(key: Bytes): Value["kind"] | undefined {
    return this.#live(key)?.value.kind;
  }

  has(key: Bytes): boolean {
    return this.#live(key) !== undefined;
  }

  /** Replaces whatever the key held, of any kind. */
  put(key: Bytes, value: Value, expiresAtMs: number | undefined): void {
    this.#slots.set(key, { value, expiresAtMs });
  }

  remove(key: Bytes): boolean {
    return this.has(key) && this.#slots.delete(key);
  }

  /** "no-expiry" for a key that stays; undefined when there is no such key. */
  expiryOf(key: Bytes): number | "no-expiry" | undefined {
    const slot = this.#live(key);
    return slot === undefined ? undefined : (slot.expiresAtMs ?? "no-expiry");
  }

  /** An instant that has passed removes the key, as in Redis. */
  setExpiry(key: Bytes, expiresAtMs: number | undefined): void {
    const slot = this.#live(key);
    if (slot === undefined) return;
    slot.expiresAtMs = expiresAtMs;
    this.#live(key);
  }

  stateOf(key: Bytes): KeyState {
    return this.#live(key);
  }

  /** As `stateOf`, but what happens to the key afterwards does not show in it. */
  copyOf(key: Bytes): KeyState {
    const slot = this.#live(key);
    return slot && { value: copyOfValue(slot.value), expiresAtMs: slot.expiresAtMs };
  }

  putBack(key: Bytes, state: KeyState): void {
    if (state === undefined) this.#slots.delete(key);
    else this.#slots.set(key, { ...state });
  }

  keys(): Bytes[] {
    return [...this.#slots.keys()].filter((key) => this.has(key));
  }

  clear(): void {
    this.#slots.clear();
  }

  #live(key: Bytes): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot?.expiresAtMs === undefined || slot.expiresAtMs > this.nowMs) return slot;
    this.#slots.delete(key);
    return undefined;
  }
}

export function isSameState(left: KeyState, right: KeyState): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.expiresAtMs === right.expiresAtMs && isSameValue(left.value, right.value);
}
