/**
 * Owns calls to envd that the SDK does not make: other clients of E2B do (Python's watchers, HTTP/2's client streams).
 * It speaks the wire as e2b.md §3.5 has it. It must never stand where the SDK could.
 */
import type { StandIn } from "./stand-in";

export interface RpcAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** One unary call, and its answer as it came. */
export async function callEnvd(
  stand: StandIn,
  sandboxId: string,
  method: string,
  message: unknown,
  headers: Record<string, string> = {},
): Promise<RpcAnswer> {
  const response = await fetch(`${stand.local.sandboxUrl}/${method}`, {
    method: "POST",
    headers: {
      ...(await headersOf(stand, sandboxId)),
      "content-type": "application/json",
      "connect-protocol-version": "1",
      ...headers,
    },
    body: JSON.stringify(message),
  });
  return { status: response.status, body: await response.json() };
}

/** One call with a stream of messages each way, and all messages of its answer, the closing one last. */
export async function streamToEnvd(
  stand: StandIn,
  sandboxId: string,
  method: string,
  messages: readonly unknown[],
  headers: Record<string, string> = {},
): Promise<unknown[]> {
  const response = await fetch(`${stand.local.sandboxUrl}/${method}`, {
    method: "POST",
    headers: {
      ...(await headersOf(stand, sandboxId)),
      "content-type": "application/connect+json",
      "connect-protocol-version": "1",
      ...headers,
    },
    body: Buffer.concat(messages.map(envelope)),
  });
  return readEnvelopes(Buffer.from(await response.arrayBuffer()));
}

/** The token is in the answer of every create and connect. */
export async function headersOf({ local }: StandIn, sandboxId: string): Promise<Record<string, string>> {
  const response = await fetch(`${local.apiUrl}/v2/sandboxes/${sandboxId}/connect`, {
    method: "POST",
    headers: { "x-api-key": local.apiKey, "content-type": "application/json" },
    body: "{}",
  });
  const { envdAccessToken } = await response.json();
  return {
    "e2b-sandbox-id": sandboxId,
    "e2b-sandbox-port": "49983",
    "x-access-token": String(envdAccessToken),
  };
}

function envelope(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function readEnvelopes(bytes: Buffer): unknown[] {
  const messages: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(JSON.parse(bytes.subarray(at + 5, end).toString("utf8")));
    at = end;
  }
  return messages;
}
