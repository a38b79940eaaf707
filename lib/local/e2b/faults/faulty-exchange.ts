/**
 * Owns doing to a request what the plan says: before the work, or to its answer. It must never let the work begin
 * when a fault stands before it. Resolves when there is nothing left to do; rejects as the work does.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "@/lib/clock";
import { type CallFault, delayMsOf } from "@/lib/local/e2b/faults/fault-kinds";
import type { InjectedFault } from "@/lib/local/e2b/faults/fault-plan";
import { faultBody, type SpoilableResponse } from "@/lib/local/e2b/faults/spoilable-response";
import { sendJson } from "@/lib/local/e2b/wire/answers";
import { rawAnswer } from "@/lib/local/e2b/wire/raw-answer";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: SpoilableResponse;
}

export async function exchangeWithFaults(
  faults: readonly InjectedFault<CallFault>[],
  { request, response }: Exchange,
  clock: Clock,
  work: () => Promise<void>,
): Promise<void> {
  for (const { fault, fraction } of faults) {
    switch (fault.kind) {
      case "delay":
        if (!(await isStillThereAfter(clock, delayMsOf(fault, fraction), response))) return;
        break;
      case "error-before": {
        const { status, retryAfterSeconds } = fault;
        const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
        request.resume();
        return sendJson(response, status, faultBody(status), headers);
      }
      case "drop-before":
        request.socket.destroy();
        return;
      case "hang-before":
        request.resume();
        return;
      case "error-after":
      case "drop-after":
      case "hang-after":
      case "malformed":
        response.spoil(fault);
    }
  }
  await work();
}

/**
 * The same for an upgrade, which has no answer to spoil: what would spoil one cuts the connection once `reach` has
 * reached the server. `reach` resolves with what goes on from there.
 */
export async function upgradeWithFaults(
  faults: readonly InjectedFault<CallFault>[],
  socket: Socket,
  clock: Clock,
  reach: () => Promise<(() => void) | undefined>,
): Promise<void> {
  let isCut = false;
  for (const { fault, fraction } of faults) {
    switch (fault.kind) {
      case "delay":
        if (!(await isStillThereAfter(clock, delayMsOf(fault, fraction), socket))) return;
        break;
      case "error-before":
        socket.end(rawAnswer(fault.status, JSON.stringify(faultBody(fault.status))));
        return;
      case "drop-before":
        socket.destroy();
        return;
      case "hang-before":
        return;
      case "error-after":
      case "drop-after":
      case "hang-after":
      case "malformed":
        isCut = true;
    }
  }
  const goOn = await reach();
  if (isCut) socket.destroy();
  else goOn?.();
}

/** False at once when the client leaves. */
function isStillThereAfter(
  clock: Clock,
  delayMs: number,
  client: SpoilableResponse | Socket,
): Promise<boolean> {
  if (client.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const leave = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.after(delayMs, () => {
      client.removeListener("close", leave);
      resolve(true);
    });
    client.once("close", leave);
  });
}
