/**
 * Owns an answer written straight onto a socket: where Node offers no response (an upgrade), or where the response is
 * no longer to be used. It must never be written on a connection that goes on.
 */
import { STATUS_CODES } from "node:http";

/** With `connection: close`; the caller ends the socket. */
export function rawAnswer(status: number, body: string): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
