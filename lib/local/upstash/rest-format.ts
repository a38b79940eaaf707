/**
 * Owns the JSON of Upstash's REST protocol: commands as arrays, replies as `{result}` or `{error}`, and the base64
 * form, in which every string is encoded except a whole reply "OK" (documented by Upstash, read 2026-11-22).
 */
import { z } from "zod";
import { type Bytes, bytesFromText, textFromBytes } from "./bytes";
import type { Command } from "./engine";
import type { Reply } from "./reply";

export type Encoding = "text" | "base64";

/** Upstash also takes numbers and booleans and writes them as text. */
const argumentSchema = z.union([z.string(), z.number(), z.boolean()]).transform((value) => String(value));

export const commandSchema = z
  .array(argumentSchema)
  .min(1)
  .transform(([name = "", ...args]): Command => [name.toUpperCase(), ...args.map(bytesFromText)]);

export const commandsSchema = z.array(commandSchema).min(1);

export type RestAnswer = { readonly result: RestValue } | { readonly error: string };
export type RestValue = string | number | null | readonly RestValue[];

export function formatReply(reply: Reply, encoding: Encoding): RestAnswer {
  if (reply.kind === "error") return { error: textFromBytes(reply.text) };
  return { result: isOk(reply) ? "OK" : formatValue(reply, encoding) };
}

const isOk = (reply: Reply): boolean =>
  (reply.kind === "status" && reply.text === "OK") || (reply.kind === "bytes" && reply.bytes === "OK");

function formatValue(reply: Reply, encoding: Encoding): RestValue {
  switch (reply.kind) {
    case "integer":
      return reply.value;
    case "bytes":
      return formatString(reply.bytes, encoding);
    case "status":
    case "error":
      return formatString(reply.text, encoding);
    case "nil":
      return null;
    case "array":
      return reply.items.map((item) => formatValue(item, encoding));
  }
}

const formatString = (bytes: Bytes, encoding: Encoding): string =>
  encoding === "base64" ? Buffer.from(bytes, "latin1").toString("base64") : textFromBytes(bytes);
