/**
 * Owns sending events to Inngest on behalf of somebody who waits: in time, or not at all. It must never throw for a service
 * that does not answer: whoever sends knows what an event that was not taken means. Fails open, and logs it.
 */
import { within } from "./clock";
import type { Runtime } from "./runtime";

/** A person waits for this; what Inngest does not take in time counts as not taken. */
const SEND_DEADLINE_MS = 5_000;

type SendableEvents = Parameters<Runtime["inngest"]["send"]>[0];

/** True when Inngest took them. None at all are taken without asking. */
export async function send(runtime: Runtime, events: SendableEvents): Promise<boolean> {
  if (Array.isArray(events) && events.length === 0) return true;
  try {
    await within(runtime.clock, SEND_DEADLINE_MS, () => runtime.inngest.send(events));
    return true;
  } catch (error) {
    runtime.log.error(
      { error: error instanceof Error ? error.name : "unknown" },
      "Inngest did not take an event",
    );
    return false;
  }
}
