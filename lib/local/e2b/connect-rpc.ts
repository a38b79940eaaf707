/**
 * Owns the Connect protocol as the SDK speaks it: JSON only; unary answers, and server streams in envelopes
 * `[flags][length, big-endian][JSON]` closed by one with flag 2 (e2b.md §3.5). It must never send a message after
 * the closing envelope. Errors are `RpcError`s: in a stream they close it with status 200, else they are the status.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { firstIssue, readBytes, sendJson } from "@/lib/local/e2b/answers";

export type RpcCode =
  | "already_exists"
  | "deadline_exceeded"
  | "failed_precondition"
  | "internal"
  | "invalid_argument"
  | "not_found"
  | "permission_denied"
  | "unauthenticated"
  | "unavailable"
  | "unimplemented";

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
  unauthenticated: 401,
  unavailable: 503,
  unimplemented: 501,
};

const END_OF_STREAM = 0x02;
const COMPRESSED = 0x01;
const ENVELOPE_BYTES = 5;
/** One message of input to a process may be large; files go another way. */
const LONGEST_MESSAGE_BYTES = 64 * 1024 * 1024;

export async function readUnary<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  return parseMessage(await readBytes(request, LONGEST_MESSAGE_BYTES), shape);
}

/** The one message that opens a server stream. */
export async function readStreamRequest<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  const bytes = await readBytes(request, LONGEST_MESSAGE_BYTES);
  if (bytes.length < ENVELOPE_BYTES) throw new RpcError("invalid_argument", "The envelope is cut short");
  if (bytes.readUInt8(0) & COMPRESSED) {
    throw new RpcError("unimplemented", "Compressed messages are not offered");
  }
  const end = ENVELOPE_BYTES + bytes.readUInt32BE(1);
  if (bytes.length < end) throw new RpcError("invalid_argument", "The envelope is cut short");
  return parseMessage(bytes.subarray(ENVELOPE_BYTES, end), shape);
}

export function sendRpcError(response: ServerResponse, error: RpcError): void {
  sendJson(response, STATUS[error.code], { code: error.code, message: error.message });
}

export class ServerStream {
  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, { "content-type": "application/connect+json" });
    // The SDK's handshake waits for the headers, and the first message may take its time.
    response.flushHeaders();
  }

  send(message: unknown): void {
    this.write(0, message);
  }

  end(error?: RpcError): void {
    if (this.response.writableEnded) return;
    this.write(END_OF_STREAM, error ? { error: { code: error.code, message: error.message } } : {});
    this.response.end();
  }

  /** Also when the client goes away. */
  whenClosed(callback: () => void): void {
    this.response.once("close", callback);
  }

  private write(flags: number, message: unknown): void {
    if (this.response.writableEnded || this.response.destroyed) return;
    const body = Buffer.from(JSON.stringify(message));
    const head = Buffer.alloc(ENVELOPE_BYTES);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(body.length, 1);
    this.response.write(Buffer.concat([head, body]));
  }
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
