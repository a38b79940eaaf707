/**
 * Owns the shape of a call to the control plane and of a route that answers it. Types only.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { E2bCloud } from "@/lib/local/e2b/cloud";

export interface ControlCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** From the path; empty for calls that name none. */
  readonly sandboxId: string;
}

export interface ControlContext {
  readonly cloud: E2bCloud;
  /** What the SDK's `getHost` appends to `<port>-<id>.`. */
  readonly domain: string;
  /** The token that a sandbox's envd asks for. */
  envdTokenOf(sandboxId: string): string;
  /** The token that a sandbox's previews ask for where public traffic is not allowed. */
  trafficTokenOf(sandboxId: string): string;
}

export interface ControlRoute {
  /** For counting. */
  readonly kind: string;
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (call: ControlCall, context: ControlContext) => Promise<void> | void;
}
