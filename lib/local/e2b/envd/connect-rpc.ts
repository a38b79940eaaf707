/**
 * Owns how messages of the Connect protocol are read and told: JSON only; plain in unary calls, in streams in envelopes
 * `[flags][length, big-endian][JSON]` (e2b.md §3.5). It must never hold more of a client's stream than one message.
 * Errors are `RpcError`s: in a stream they close it with status 200, else they are the status.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { firstIssue, readBytes, sendJson } from "@/lib/local/e2b/wire/answers";

export type RpcCode =
  | "already_exists"
  | "deadline_exceeded"
  | "failed_precondition"
  | "internal"
  | "invalid_argument"
  | "not_found"
  | "permission_denied"
  | "resource_exhausted"
  | "unauthenticated"
  | "unavailable"
  | "unimplemented"
  | "unknown";

export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(
    readonly code: RpcCode,
    message: string,
  ) {
    super(message);
  }
}

const STATUS: Readonly<Record<RpcCode, number>> = {
  already_exists: 409,
  deadline_exceeded: 504,
  failed_precondition: 400,
  internal: 500,
  invalid_argument: 400,
  not_found: 404,
  permission_denied: 403,
  resource_exhausted: 429,
  unauthenticated: 401,
  unavailable: 503,
  unimplemented: 501,
  unknown: 500,
};

export const END_OF_STREAM = 0x02;
const COMPRESSED = 0x01;
const ENVELOPE_BYTES = 5;
/** One message of input to a process may be large; files go another way. */
const LONGEST_MESSAGE_BYTES = 64 * 1024 * 1024;

export async function readUnary<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  return parseMessage(await readBytes(request, LONGEST_MESSAGE_BYTES), shape);
}

/** The one message that opens a server stream. */
export async function readStreamRequest<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  for await (const message of readMessages(request, shape)) {
    request.resume();
    return message;
  }
  throw cutShort();
}

/** The messages of a client stream, as they come; it ends with its closing envelope or with the request. */
export async function* readMessages<T>(request: IncomingMessage, shape: z.ZodType<T>): AsyncGenerator<T> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let neededBytes = ENVELOPE_BYTES;
  // Who takes only the first message must still be able to answer: leaving must not destroy the connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    held.push(Buffer.from(chunk));
    heldBytes += chunk.length;
    if (heldBytes < neededBytes) continue;
    let unread = Buffer.concat(held);
    for (let envelope = firstEnvelope(unread); envelope; envelope = firstEnvelope(unread)) {
      if (envelope.isEnd) return;
      unread = unread.subarray(envelope.bytes);
      yield parseMessage(envelope.body, shape);
    }
    held = [unread];
    heldBytes = unread.length;
    neededBytes = envelopeBytes(unread);
  }
  if (heldBytes > 0) throw cutShort();
}

export function writeEnvelope(flags: number, message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(ENVELOPE_BYTES);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

export function sendRpcError(response: ServerResponse, error: RpcError): void {
  sendJson(response, STATUS[error.code], { code: error.code, message: error.message });
}

/** Undefined while it is not there as a whole. */
function firstEnvelope(held: Buffer): { isEnd: boolean; body: Buffer; bytes: number } | undefined {
  const bytes = envelopeBytes(held);
  if (held.length < bytes) return undefined;
  const flags = held.readUInt8(0);
  if (flags & COMPRESSED) throw new RpcError("unimplemented", "Compressed messages are not offered");
  return { isEnd: (flags & END_OF_STREAM) !== 0, body: held.subarray(ENVELOPE_BYTES, bytes), bytes };
}

/** How many bytes the first envelope takes, as far as that is known. */
function envelopeBytes(held: Buffer): number {
  if (held.length < ENVELOPE_BYTES) return ENVELOPE_BYTES;
  const bodyBytes = held.readUInt32BE(1);
  if (bodyBytes > LONGEST_MESSAGE_BYTES) throw new RpcError("resource_exhausted", "The message is too long");
  return ENVELOPE_BYTES + bodyBytes;
}

function cutShort(): RpcError {
  return new RpcError("invalid_argument", "The envelope is cut short");
}

function parseMessage<T>(bytes: Buffer, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new RpcError("invalid_argument", "The message is not JSON");
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new RpcError("invalid_argument", `Invalid message: ${firstIssue(parsed.error)}`);
  return parsed.data;
}
