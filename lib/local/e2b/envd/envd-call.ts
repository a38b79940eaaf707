/**
 * Owns what every envd handler is given: one request to one sandbox that runs. It must never outlive the request.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@/lib/clock";
import type { SandboxUser } from "@/lib/local/e2b/machine/sandbox-user";
import type { Machine, ProcessMachines } from "@/lib/local/e2b/processes";

export interface EnvdCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly machine: Machine;
  /** The folder of this machine that is the sandbox's `/`, with all that its programs see there. */
  readonly root: string;
  readonly machines: ProcessMachines;
  readonly clock: Clock;
  /** What the sandbox's envd asks for, or signs addresses with. */
  readonly envdToken: string;
  /** In whose name; `user` when nobody is named. */
  readonly user: SandboxUser;
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

/** What the client said the call may take, by Connect's header; undefined without one or with zero. */
export function timeoutOf(request: IncomingMessage): number | undefined {
  const timeoutMs = Number(request.headers["connect-timeout-ms"]);
  return timeoutMs > 0 ? timeoutMs : undefined;
}
