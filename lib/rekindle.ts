/**
 * Owns what a product gets of Rekindle and what it passes, as types; `lib/index.ts` makes it. Times are Redis's own, in
 * milliseconds; every method fails with errors of the catalogue.
 */
import type { InngestFunction } from "inngest";
import type { Held, Hold, Lent } from "./hold";
import type { Whose } from "./ids";
import type { Operator } from "./operate/operator";
import type { Explanation } from "./preview/explain";
import type { HistoryEntry } from "./preview/history";
import type { SavedNow } from "./preview/operations/sync";
import type { PolicyOverrides } from "./preview/policy";
import type { PreviewView } from "./preview/view";
import type { Authorize, Handlers } from "./routes/handlers";
import type { SandboxEventsHandler } from "./routes/sandbox-events";
import type { FlowSettings, Runtime, RuntimeOptions } from "./runtime";

export interface Rekindle {
  readonly runtime: Runtime;
  /** For Inngest's `serve({ client, functions })`. */
  readonly functions: InngestFunction.Any[];
  /**
   * A person wants to see it. Warm in one round trip to Redis; a paused one is resumed while the call waits; a boot goes
   * on in open-preview, and the view shows its steps. Asking again, from anywhere, does it once.
   * @throws InvalidRequestError, EventsUnreachableError, StoreUnreachableError and others of the catalogue.
   */
  open(whose: Whose & { readonly viewerId?: string }): Promise<PreviewView>;
  /** A sign of life of one viewer; starts nothing and wakes nothing. */
  beat(whose: Whose & { readonly viewerId: string }): Promise<PreviewView>;
  /** This viewer closed it; it rests after a grace unless others are there or somebody returns. */
  leave(whose: Whose & { readonly viewerId: string }): Promise<PreviewView>;
  /** How it stands; changes nothing. */
  status(whose: Whose): Promise<PreviewView>;
  /** What happened to it, newest first: as many entries as the policy keeps. Changes nothing. */
  history(whose: Whose): Promise<readonly HistoryEntry[]>;
  /** Why it runs, rests or failed, in plain sentences, and one for each entry of its history. Changes nothing. */
  explain(whose: Whose): Promise<Explanation>;
  /**
   * An agent works here: the preview runs when this returns, and does not go to rest until the hold is given back or its
   * end is reached. Opens it like a person, but for one whose start failed. Spans durable steps; asking again with the
   * same key is the same hold with the same end.
   * @throws InvalidRequestError, NeedsPersonError, PreviewNotAvailableError and others of the catalogue.
   */
  hold(whose: Whose, hold: Hold): Promise<Held>;
  /** Gives a hold back; what is not held is left as it is. */
  release(whose: Whose, key: string): Promise<void>;
  /**
   * Lends the live sandbox around a piece of work, under a hold. When the run has to be renewed the signal fires; work
   * that then rejects with the signal's reason, or with an AbortError, is called again in the next run (`round` + 1).
   * Whatever else it throws is thrown. Nobody else may connect to a preview's sandbox: a connection resumes it.
   */
  withSandbox<T>(whose: Whose, hold: Hold, use: (lent: Lent) => Promise<T>): Promise<T>;
  /**
   * The product has newer files: they are brought into the running preview, which is restarted where that is needed, or
   * wait for its wake. Who changes files while a preview runs calls this after each change. @throws EventsUnreachableError
   */
  sync(whose: Whose): Promise<PreviewView>;
  /** What changed inside the running sandbox is given back now; a pause does it anyway. */
  save(whose: Whose): Promise<SavedNow>;
  /** What operators do, to one preview or to all; `npm run rekindle` is its command line. */
  readonly operator: Operator;
  /** Asks for a sweep now instead of at the next tick. */
  requestSweep(): Promise<void>;
  /**
   * Fetch-style handlers for the product's routes; `authorize` says who asks, or nobody. Who may post E2B's events is said
   * by their signature instead.
   */
  handlers(authorize: Authorize): Handlers & SandboxEventsHandler;
}

/** What a product passes; numbers and schedules that it leaves out are those of `inngest.config.ts`. */
export interface RekindleOptions extends Omit<RuntimeOptions, "policy" | "flow" | "e2b" | "preview"> {
  readonly policy?: PolicyOverrides;
  readonly flow?: Partial<FlowSettings>;
  readonly e2b: Partial<RuntimeOptions["e2b"]> & { readonly apiKey: string };
  /** E2B's own preview addresses when absent. */
  readonly preview?: RuntimeOptions["preview"];
}
