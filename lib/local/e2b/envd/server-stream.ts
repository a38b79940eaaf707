/**
 * Owns one answer that is a Connect stream: messages in envelopes, closed by one with flag 2 (e2b.md §3.5). It must
 * never send a message after the closing envelope, and never let a reader who does not read fill this process: who
 * sends is told when the reader has caught up. Cannot fail: what a client that went away would have got is dropped.
 */
import type { ServerResponse } from "node:http";
import { END_OF_STREAM, RpcError, writeEnvelope } from "@/lib/local/e2b/envd/connect-rpc";
import type { Cut } from "@/lib/local/e2b/machine/cut";

export class ServerStream {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, { "content-type": "application/connect+json" });
    // The SDK's handshake waits for the headers, and the first message may take its time.
    response.flushHeaders();
    response.on("drain", () => this.release());
    response.once("close", () => this.release());
  }

  /** A promise when the reader has fallen behind: to be awaited before more is sent. It resolves at the end, too. */
  send(message: unknown): Promise<void> | undefined {
    if (this.isOver || this.response.write(writeEnvelope(0, message))) return undefined;
    return new Promise((resolve) => {
      this.waiting.add(resolve);
    });
  }

  end(error?: RpcError): void {
    if (this.isOver) return;
    const closing = error ? { error: { code: error.code, message: error.message } } : {};
    this.response.end(writeEnvelope(END_OF_STREAM, closing));
    this.release();
  }

  cut(why: Cut): void {
    switch (why) {
      case "unavailable":
        this.end(new RpcError(why, "The sandbox is not running any more"));
        break;
      case "deadline_exceeded":
        this.end(new RpcError(why, "the operation timed out"));
        break;
      case "dropped":
        this.response.destroy();
        break;
    }
  }

  /** Also when the client goes away. */
  whenClosed(callback: () => void): void {
    this.response.once("close", callback);
  }

  private get isOver(): boolean {
    return this.response.writableEnded || this.response.destroyed;
  }

  private release(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
