/** Owns asking the engine as any program may: with headers of one's choice, the Host included. */
import { type RawRequest, rawRequest } from "../../support/raw-request";

export type Sent = RawRequest;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Sends an event when nothing else is said. */
export async function askEngine(engineUrl: string, sent: Sent): Promise<Answered> {
  const { method = "POST", path = "/e/any-key", headers = {}, body = '{"name":"go"}' } = sent;
  const port = Number(new URL(engineUrl).port);
  const isPost = method === "POST";
  // Of two Host headers the caller's counts.
  const host = new URL(engineUrl).host;
  const answer = await rawRequest(port, {
    method,
    path,
    headers: { host, ...headers },
    ...(isPost ? { body } : {}),
  });
  return { status: answer.status, headers: answer.headers, body: answer.text };
}
