/**
 * Owns `table.sort` as Lua 5.1 sorts: the same exchanges in the same order, so that what compares as equal ends up where
 * it does in Redis. Fails closed: an order that contradicts itself is an error where it leads beyond the list.
 */
import { callable } from "./indexing";
import { calledBack, LuaError } from "./lua-errors";
import type { LuaTable } from "./lua-table";
import { first, isTrue, type LuaValue } from "./lua-values";
import { isLess } from "./operators";

type Before = (left: LuaValue, right: LuaValue) => boolean;

/** In place. Without an order that of `<`. */
export function sort(table: LuaTable, order: LuaValue): void {
  const compare = callable(order);
  const isBefore: Before =
    order === undefined
      ? (left, right) => calledBack(() => isLess(left, right))
      : (left, right) => calledBack(() => isTrue(first(compare(left, right))));
  sortRange(table, 1, table.length, isBefore);
}

function sortRange(table: LuaTable, from: number, to: number, isBefore: Before): void {
  let [low, high] = [from, to];
  while (low < high) {
    orderPair(table, low, high, isBefore);
    if (high - low === 1) return;
    const middle = Math.floor((low + high) / 2);
    if (isBefore(table.get(middle), table.get(low))) swap(table, middle, low);
    else orderPair(table, middle, high, isBefore);
    if (high - low === 2) return;
    const split = partition(table, low, high, middle, isBefore);
    // The smaller part first, the larger one in the next round.
    if (split - low < high - split) {
      sortRange(table, low, split - 1, isBefore);
      low = split + 1;
    } else {
      sortRange(table, split + 1, high, isBefore);
      high = split - 1;
    }
  }
}

function orderPair(table: LuaTable, left: number, right: number, isBefore: Before): void {
  if (isBefore(table.get(right), table.get(left))) swap(table, left, right);
}

/** Answers where the pivot has come to stand. */
function partition(table: LuaTable, low: number, high: number, middle: number, isBefore: Before): number {
  const pivot = table.get(middle);
  swap(table, middle, high - 1);
  let [left, right] = [low, high - 1];
  for (;;) {
    left += 1;
    while (isBefore(table.get(left), pivot)) {
      if (left > high) throw invalidOrder();
      left += 1;
    }
    right -= 1;
    while (isBefore(pivot, table.get(right))) {
      if (right < low) throw invalidOrder();
      right -= 1;
    }
    if (right < left) break;
    swap(table, left, right);
  }
  swap(table, high - 1, left);
  return left;
}

const invalidOrder = () => new LuaError("invalid order function for sorting");

function swap(table: LuaTable, left: number, right: number): void {
  const [a, b] = [table.get(left), table.get(right)];
  table.set(left, b);
  table.set(right, a);
}
