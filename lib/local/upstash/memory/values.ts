/**
 * Owns what a key of the in-process engine holds: the five kinds of values, a copy of one that later writes do not change,
 * and whether two are the same. Members and entries are never changed in place, so a copy shares them. Cannot fail.
 */
import type { Bytes } from "../bytes";
import type { StreamId } from "./stream-ids";

export interface StreamEntry extends StreamId {
  readonly fields: readonly Bytes[];
}

export type Value =
  | { readonly kind: "string"; readonly bytes: Bytes }
  | { readonly kind: "hash"; readonly fields: Map<Bytes, Bytes> }
  | { readonly kind: "set"; readonly members: Set<Bytes> }
  | { readonly kind: "zset"; readonly scores: Map<Bytes, number> }
  /** `lastId` outlives the entry it came from: trimming must not let ids repeat. */
  | { readonly kind: "stream"; readonly entries: StreamEntry[]; lastId: StreamId };

export type ValueOf<Kind extends Value["kind"]> = Extract<Value, { kind: Kind }>;

export function isKind<Kind extends Value["kind"]>(value: Value, kind: Kind): value is ValueOf<Kind> {
  return value.kind === kind;
}

export function copyOfValue(value: Value): Value {
  switch (value.kind) {
    case "string":
      return value;
    case "hash":
      return { kind: "hash", fields: new Map(value.fields) };
    case "set":
      return { kind: "set", members: new Set(value.members) };
    case "zset":
      return { kind: "zset", scores: new Map(value.scores) };
    case "stream":
      return { kind: "stream", entries: [...value.entries], lastId: value.lastId };
  }
}

export function isSameValue(left: Value, right: Value): boolean {
  switch (left.kind) {
    case "string":
      return isKind(right, "string") && left.bytes === right.bytes;
    case "hash":
      return isKind(right, "hash") && isSameMap(left.fields, right.fields);
    case "set":
      return isKind(right, "set") && isSameSet(left.members, right.members);
    case "zset":
      return isKind(right, "zset") && isSameMap(left.scores, right.scores);
    case "stream":
      return isKind(right, "stream") && isSameStream(left, right);
  }
}

/** In whatever order, as in Redis. */
function isSameMap<T>(left: ReadonlyMap<Bytes, T>, right: ReadonlyMap<Bytes, T>): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (right.get(key) !== value) return false;
  return true;
}

function isSameSet(left: ReadonlySet<Bytes>, right: ReadonlySet<Bytes>): boolean {
  return left.size === right.size && [...left].every((member) => right.has(member));
}

function isSameStream(left: ValueOf<"stream">, right: ValueOf<"stream">): boolean {
  return (
    left.lastId.ms === right.lastId.ms &&
    left.lastId.seq === right.lastId.seq &&
    left.entries.length === right.entries.length &&
    left.entries.every((entry, index) => entry === right.entries[index])
  );
}
