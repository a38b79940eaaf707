/**
 * Owns what every stream of envd has besides its messages: pings in quiet times, as often as the client asked for
 * (INFRA envd permissions/keepalive.go), and the client's deadline. It must never ping or time out once it is over.
 */
import type { Cancel } from "@/lib/clock";
import type { RpcError } from "@/lib/local/e2b/envd/connect-rpc";
import type { EnvdCall } from "@/lib/local/e2b/envd/envd-call";
import { ServerStream } from "@/lib/local/e2b/envd/server-stream";
import type { Cut } from "@/lib/local/e2b/machine/cut";

export interface EnvdStreamOptions {
  /** The message that says nothing but that the stream is alive. */
  readonly ping: unknown;
  /** Undefined: the stream lasts as long as what it tells of. */
  readonly deadlineMs: number | undefined;
}

export interface EnvdStream {
  /** As `ServerStream.send`: a promise when the reader has fallen behind. */
  send(message: unknown): Promise<void> | undefined;
  end(error?: RpcError): void;
  cut(why: Cut): void;
  whenClosed(callback: () => void): void;
}

const DEFAULT_PING_MS = 90_000;

export function openStream(call: EnvdCall, { ping, deadlineMs }: EnvdStreamOptions): EnvdStream {
  const wire = new ServerStream(call.response);
  const pingMs = pingIntervalOf(call);
  let cancelPing: Cancel = () => undefined;
  const armPing = () => {
    cancelPing();
    cancelPing = call.clock.after(pingMs, () => {
      wire.send(ping);
      armPing();
    });
  };
  armPing();
  const cancelDeadline =
    deadlineMs === undefined ? undefined : call.clock.after(deadlineMs, () => wire.cut("deadline_exceeded"));
  wire.whenClosed(() => {
    cancelPing();
    cancelDeadline?.();
  });
  return {
    send: (message) => {
      armPing();
      return wire.send(message);
    },
    end: (error) => wire.end(error),
    cut: (why) => wire.cut(why),
    whenClosed: (callback) => wire.whenClosed(callback),
  };
}

function pingIntervalOf(call: EnvdCall): number {
  const seconds = Number(call.request.headers["keepalive-ping-interval"]);
  return seconds > 0 ? seconds * 1000 : DEFAULT_PING_MS;
}
