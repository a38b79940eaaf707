/**
 * Owns the ids of a stream's entries, `ms-seq`, two whole numbers of 64 bits: reading them, their order, the next one,
 * and the ends of a range. Pure. Fails closed with Redis's own error texts (observed with 7.0.15).
 * Left out is only what Redis takes through C's number reader: a sign or white space before the digits.
 */
import type { Bytes } from "../bytes";
import { CommandError } from "./command-error";

export interface StreamId {
  readonly ms: bigint;
  readonly seq: bigint;
}

const greatest = 2n ** 64n - 1n;

/** What a new stream starts after; no entry has it. */
export const zeroId: StreamId = { ms: 0n, seq: 0n };
const greatestId: StreamId = { ms: greatest, seq: greatest };

export const formatId = ({ ms, seq }: StreamId): Bytes => `${ms}-${seq}`;

const isGreater = (a: StreamId, b: StreamId): boolean => a.ms > b.ms || (a.ms === b.ms && a.seq > b.seq);

/** An id as XADD is given it: whole, or with its sequence or all of it left to the stream. */
export type WantedId =
  | { readonly kind: "whole"; readonly id: StreamId }
  | { readonly kind: "any-sequence"; readonly ms: bigint }
  | { readonly kind: "any" };

export function readWantedId(text: Bytes): WantedId {
  if (text === "*") return { kind: "any" };
  const ms = /^(\d+)-\*$/.exec(text)?.[1];
  return ms === undefined
    ? { kind: "whole", id: readId(text, 0n) }
    : { kind: "any-sequence", ms: readNumber(ms) };
}

/** Always greater than `last`, also while the clock stands still or has gone back. */
export function nextId(wanted: WantedId, nowMs: number, last: StreamId): StreamId {
  switch (wanted.kind) {
    case "whole":
      return checked(wanted.id, last);
    case "any-sequence": {
      const seq = wanted.ms === last.ms ? last.seq + 1n : 0n;
      if (seq > greatest) throw notGreater();
      return checked({ ms: wanted.ms, seq }, last);
    }
    case "any": {
      const ms = BigInt(Math.floor(nowMs));
      return ms > last.ms
        ? { ms, seq: 0n }
        : successor(last, "The stream has exhausted the last possible ID");
    }
  }
}

function checked(id: StreamId, last: StreamId): StreamId {
  if (!isGreater(id, last)) throw notGreater();
  return id;
}

const notGreater = (): CommandError =>
  new CommandError("ERR The ID specified in XADD is equal or smaller than the target stream top item");

/** Whether an id lies in the range, whose ends are both read, and refused, before any entry is. */
export function readRange(start: Bytes, end: Bytes): (id: StreamId) => boolean {
  const from = readEnd(start, 0n);
  const first = from.isExclusive ? successor(from.id, "invalid start ID for the interval") : from.id;
  const to = readEnd(end, greatest);
  const last = to.isExclusive ? predecessor(to.id) : to.id;
  return (id) => !isGreater(first, id) && !isGreater(id, last);
}

/** `-` and `+` are the least and the greatest id at either end. */
function readEnd(text: Bytes, missingSeq: bigint): { readonly id: StreamId; readonly isExclusive: boolean } {
  if (text === "-") return { id: zeroId, isExclusive: false };
  if (text === "+") return { id: greatestId, isExclusive: false };
  const isExclusive = text.startsWith("(");
  return { id: readId(isExclusive ? text.slice(1) : text, missingSeq), isExclusive };
}

function successor({ ms, seq }: StreamId, refusal: string): StreamId {
  if (seq < greatest) return { ms, seq: seq + 1n };
  if (ms < greatest) return { ms: ms + 1n, seq: 0n };
  throw new CommandError(`ERR ${refusal}`);
}

function predecessor({ ms, seq }: StreamId): StreamId {
  if (seq > 0n) return { ms, seq: seq - 1n };
  if (ms > 0n) return { ms: ms - 1n, seq: greatest };
  throw new CommandError("ERR invalid end ID for the interval");
}

function readId(text: Bytes, missingSeq: bigint): StreamId {
  const [, ms, seq] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (ms === undefined) throw invalidId();
  return { ms: readNumber(ms), seq: seq === undefined ? missingSeq : readNumber(seq) };
}

function readNumber(digits: string): bigint {
  const value = BigInt(digits);
  if (value > greatest) throw invalidId();
  return value;
}

const invalidId = (): CommandError =>
  new CommandError("ERR Invalid stream ID specified as stream command argument");
