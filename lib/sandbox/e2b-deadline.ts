/**
 * Owns the last word on how long a call to the SDK may take. Its own deadline is lost when memory is collected while
 * it waits: on Node 20 a `Request` follows its signal only weakly (SDK 2.51.0 with Node 20.20.2, observed 2026-11-23),
 * and the call then hangs for minutes. It must never end a call that has answered. Fails by rejecting; the request
 * that was given up may still take effect, as after any lost answer.
 */
import { systemClock, within } from "@/lib/clock";

/** The SDK's own deadline comes first, because it also frees the connection. */
const MARGIN_MS = 250;

/** The work's own outcome, or a rejection shortly after the deadline. In real time: it guards a real connection. */
export const withinDeadline = <T>(deadlineMs: number, work: () => Promise<T>): Promise<T> =>
  within(systemClock, deadlineMs + MARGIN_MS, work);
