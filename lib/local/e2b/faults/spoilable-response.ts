/**
 * Owns a response whose answer can be spoilt while the work behind it happens as ever: once the first bytes of the answer
 * come, or its end, the effect has taken place, and what the client gets is the fault instead. A stream is spoilt at
 * its first message. It must never change an answer that nobody asked to spoil. Cannot fail.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { AnswerFault } from "@/lib/local/e2b/faults/fault-kinds";
import { rawAnswer } from "@/lib/local/e2b/wire/raw-answer";

type Written = (error: Error | null | undefined) => void;

export class SpoilableResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  private fault: AnswerFault | undefined;
  private isSpoilt = false;

  /** Before the work starts. Of several the last counts. */
  spoil(fault: AnswerFault): void {
    this.fault = fault;
  }

  /** Headers alone are no sign of an effect: a command's stream opens before its process starts. */
  override flushHeaders(): void {
    if (!this.fault) super.flushHeaders();
  }

  override write(chunk: unknown, callback?: Written): boolean;
  override write(chunk: unknown, encoding: BufferEncoding, callback?: Written): boolean;
  override write(chunk: unknown, second?: BufferEncoding | Written, callback?: Written): boolean {
    if (this.fault) {
      this.answer(this.fault, chunk);
      return true;
    }
    return typeof second === "string" ? super.write(chunk, second, callback) : super.write(chunk, second);
  }

  override end(callback?: () => void): this;
  override end(chunk: unknown, callback?: () => void): this;
  override end(chunk: unknown, encoding: BufferEncoding, callback?: () => void): this;
  override end(chunk?: unknown, second?: BufferEncoding | (() => void), callback?: () => void): this {
    if (this.fault) {
      this.answer(this.fault, chunk);
      return this;
    }
    return typeof second === "string" ? super.end(chunk, second, callback) : super.end(chunk, second);
  }

  private answer(fault: AnswerFault, chunk: unknown): void {
    // What the work writes afterwards goes nowhere; it learns of the end by `close`, as when a client leaves.
    if (this.isSpoilt) return;
    this.isSpoilt = true;
    switch (fault.kind) {
      case "error-after":
        this.answerRaw(fault.status, JSON.stringify(faultBody(fault.status)));
        break;
      case "drop-after":
        this.socket?.destroy();
        break;
      case "hang-after":
        break;
      case "malformed":
        if (fault.body === "cut") this.cut(chunk);
        // A 204 may carry no body, so that one is told as a 200.
        else this.answerRaw(this.statusCode === 204 ? 200 : this.statusCode, "<html>this is not JSON</html>");
    }
  }

  /** The headers announce the whole, so the client can tell that something is missing. */
  private cut(chunk: unknown): void {
    const bytes =
      typeof chunk === "string" || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
    if (bytes.length > 1) super.write(bytes.subarray(0, bytes.length / 2));
    this.socket?.destroySoon();
  }

  private answerRaw(status: number, body: string): void {
    this.socket?.write(rawAnswer(status, body));
    this.socket?.destroySoon();
  }
}

/** E2B's error body, saying that it was made up. */
export function faultBody(status: number): { code: number; message: string } {
  return { code: status, message: `Injected fault: ${status}` };
}
