/**
 * Owns the shape of a Redis reply between the engines and the REST front. An error is a reply, not an exception:
 * that is what a pipeline needs, and what `redis.pcall` hands to a script.
 */
import type { Bytes } from "./bytes";

export type Reply =
  | { readonly kind: "status"; readonly text: string }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "bytes"; readonly bytes: Bytes }
  | { readonly kind: "nil" }
  | { readonly kind: "array"; readonly items: readonly Reply[] };

export const ok: Reply = { kind: "status", text: "OK" };
export const nil: Reply = { kind: "nil" };

export const errorReply = (text: string): Reply => ({ kind: "error", text });
export const integer = (value: number): Reply => ({ kind: "integer", value });
export const bytesReply = (bytes: Bytes): Reply => ({ kind: "bytes", bytes });
export const bytesOrNil = (bytes: Bytes | undefined): Reply =>
  bytes === undefined ? nil : bytesReply(bytes);
export const array = (items: readonly Reply[]): Reply => ({ kind: "array", items });
export const bytesArray = (items: readonly Bytes[]): Reply => array(items.map(bytesReply));
