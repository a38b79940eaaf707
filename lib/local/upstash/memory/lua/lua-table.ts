/**
 * Owns Lua's tables: what stands at 1, 2, 3 … in a list, everything else in a map, so that names such as `__proto__` are
 * keys like any other. The length is found as Lua 5.1 finds it for a table that a constructor made. `pairs` goes through
 * the list and then through the map in the order in which keys came, where Lua promises none.
 * Fails closed: nil and NaN are no keys.
 */
import { LuaError } from "./lua-errors";
import type { LuaValue } from "./lua-values";

export class LuaTable {
  /** May hold nil. */
  readonly items: LuaValue[];
  /** Never holds nil, and the key that follows the list only while the list ends in nil. */
  #rest: Map<LuaValue, LuaValue> | undefined;
  #cursor: Cursor | undefined;
  metatable: LuaTable | undefined;
  /** Redis guards its libraries; who sets a key asks first. */
  isReadOnly = false;

  /** The list is the table's from here on. */
  constructor(items: LuaValue[] = []) {
    this.items = items;
  }

  static of(fields: Readonly<Record<string, LuaValue>>): LuaTable {
    const table = new LuaTable();
    for (const [name, value] of Object.entries(fields)) table.set(name, value);
    return table;
  }

  get(key: LuaValue): LuaValue {
    return typeof key === "number" && isPosition(key) && key <= this.items.length
      ? this.items[key - 1]
      : this.#rest?.get(key);
  }

  /** As `get` for a key that is a string. */
  named(key: string): LuaValue {
    return this.#rest?.get(key);
  }

  /** Whether it has keys beside those of its list. */
  get hasOthers(): boolean {
    return this.#rest !== undefined && this.#rest.size > 0;
  }

  /** Setting nil removes. */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === "number" && isPosition(key) && this.#isInList(key)) this.#setItem(key, value);
    else if (value === undefined) this.#remove(key);
    else this.#setOther(key, value);
  }

  #isInList(position: number): boolean {
    const { items } = this;
    const { length } = items;
    return (
      position <= length || (position === length + 1 && (length === 0 || items[length - 1] !== undefined))
    );
  }

  #setItem(position: number, value: LuaValue): void {
    const { items } = this;
    if (position <= items.length) items[position - 1] = value;
    else if (value !== undefined) items.push(value);
    if (value === undefined || position < items.length) return;
    while (this.#rest !== undefined && this.#rest.size > 0) {
      const following = this.#rest.get(items.length + 1);
      if (following === undefined) return;
      this.#rest.delete(items.length + 1);
      items.push(following);
    }
  }

  #setOther(key: LuaValue, value: LuaValue): void {
    assertIsKey(key);
    this.#rest ??= new Map();
    this.#rest.set(key, value);
  }

  #remove(key: LuaValue): void {
    assertIsKey(key);
    this.#rest?.delete(key);
  }

  /** Where there are holes, the end that Lua's own search finds. */
  get length(): number {
    const { items } = this;
    if (items.length === 0 || items[items.length - 1] !== undefined) return items.length;
    let [low, high] = [0, items.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (items[middle - 1] === undefined) high = middle;
      else low = middle;
    }
    return low;
  }

  /** The key and value after `key`, or the first for nil; undefined at the end. Removing keys on the way is allowed. */
  next(key: LuaValue): LuaValue[] | undefined {
    const { items } = this;
    const isItem = typeof key === "number" && isPosition(key) && key <= items.length;
    if (key !== undefined && !isItem) return this.#advance(this.#cursorAfter(key));
    for (let index = isItem ? key : 0; index < items.length; index += 1) {
      if (items[index] !== undefined) return [index + 1, items[index]];
    }
    return this.#rest === undefined
      ? undefined
      : this.#advance({ key: undefined, entries: this.#rest.entries() });
  }

  #cursorAfter(key: LuaValue): Cursor {
    if (this.#cursor !== undefined && this.#cursor.key === key) return this.#cursor;
    const entries = (this.#rest ?? new Map<LuaValue, LuaValue>()).entries();
    for (let entry = entries.next(); entry.done !== true; entry = entries.next()) {
      if (entry.value[0] === key) return { key, entries };
    }
    throw new LuaError("invalid key to 'next'", 0);
  }

  #advance(cursor: Cursor): LuaValue[] | undefined {
    const entry = cursor.entries.next();
    if (entry.done === true) {
      this.#cursor = undefined;
      return undefined;
    }
    cursor.key = entry.value[0];
    this.#cursor = cursor;
    return entry.value;
  }
}

/** Where a walk through the map has come to, so that each step need not look for its place. */
interface Cursor {
  key: LuaValue;
  readonly entries: MapIterator<[LuaValue, LuaValue]>;
}

const isPosition = (key: number): boolean => key >>> 0 === key && key !== 0;

function assertIsKey(key: LuaValue): void {
  if (key === undefined) throw new LuaError("table index is nil");
  if (Number.isNaN(key)) throw new LuaError("table index is NaN");
}
