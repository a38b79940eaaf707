/**
 * Owns what every envd handler is given: one request to one sandbox that runs. It must never outlive the request.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@/lib/clock";
import type { Machine, ProcessMachines } from "@/lib/local/e2b/processes";

export interface EnvdCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly machine: Machine;
  readonly machines: ProcessMachines;
  readonly clock: Clock;
  /** Throws `SandboxNotRunning`. To be asked again once the body is read: a pause may have come in between. */
  readonly refuseUnlessRunning: () => void;
}

/** The proxy's 502 of e2b.md §3.6. */
export class SandboxNotRunning extends Error {
  override readonly name = "SandboxNotRunning";

  constructor(readonly sandboxId: string) {
    super("The sandbox was not found");
  }
}
