/**
 * Owns what the rest of the local cloud, the demo and the tests may ask of the engine. It must never show the
 * engine's inner state except through `history()`. Types only; cannot fail.
 */
import type { InngestHistory } from "./history";
import type { Transport } from "./transport";

export interface OutgoingEvent {
  readonly name: string;
  readonly data?: Record<string, unknown>;
  readonly id?: string;
  /** Milliseconds since the epoch; in the future it delays the start of what the event triggers. */
  readonly ts?: number;
}

export interface AppConnection {
  /** The address of the serve handler, such as http://127.0.0.1:3000/api/inngest. */
  readonly url: string;
  readonly transport: Transport;
  /** Milliseconds between looks for a restarted or changed app; null syncs once. */
  readonly resyncEveryMs: number | null;
}

export type SyncOutcome =
  | { readonly kind: "registered"; readonly appId: string; readonly functionIds: readonly string[] }
  | { readonly kind: "unchanged"; readonly appId: string; readonly functionIds: readonly string[] }
  /** The app answered with something that this engine does not know or may not trust; nothing of it was registered. */
  | { readonly kind: "refused"; readonly message: string; readonly problems: readonly string[] }
  | { readonly kind: "unreachable"; readonly reason: string };

export type Control = { readonly kind: "done" } | { readonly kind: "refused"; readonly reason: string };

export type RerunOutcome =
  | { readonly kind: "started"; readonly runId: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface InngestEngine {
  /** The first sync's outcome; later syncs go on by themselves until the engine stops. */
  connectApp(connection: AppConnection): Promise<SyncOutcome>;
  /** Syncs every connected app now, in the order of connection. */
  syncNow(): Promise<readonly SyncOutcome[]>;
  /** Prefixed ids ("<app>-<function>") of everything registered, in alphabetical order. */
  functionIds(): readonly string[];
  /** The event's id. Throws `EventRefusedError` if the name, size or data break Inngest's rules. */
  sendEvent(event: OutgoingEvent): string;
  /** New runs of the function are recorded as Skipped until it is resumed; runs under way go on. */
  pauseFunction(functionId: string): Control;
  resumeFunction(functionId: string): Control;
  /** Cancels as Inngest does: the step in flight runs to its end and its output is lost. */
  cancelRun(runId: string): Control;
  /** Starts a new run with the same event and all steps anew; passes by debounce and event-id deduplication. */
  rerun(runId: string): RerunOutcome;
  history(): InngestHistory;
  /** Resolves when no call is in flight and nothing is due at this very moment of the engine's clock. */
  idle(): Promise<void>;
  /** Aborts calls in flight, forgets every wait and leaves no timer; later events are refused. */
  stop(): Promise<void>;
}
