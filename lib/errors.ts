/**
 * Owns the catalogue of errors: one class per cause, each with a code, whether a retry can help, and a sentence that
 * says what happened, why, and what to do next. Adapters translate vendor errors into these at the edge, so nothing
 * inside matches on text. No message or detail may hold a token, a file's content or a command's text.
 */

export type ErrorCode =
  | "configuration"
  | "access-control-missing"
  | "invalid-request"
  | "unknown-project"
  | "files-unavailable"
  | "stale-base"
  | "workspace-unreadable"
  | "no-recipe"
  | "needs-person"
  | "not-available"
  | "hold-ended"
  | "run-ends-soon"
  | "sandbox-gone"
  | "provider-unreachable"
  | "provider-refused"
  | "provider-busy"
  | "provider-capacity"
  | "provider-rate"
  | "creating-stopped"
  | "store-unreachable"
  | "store-refused"
  | "record-unreadable"
  | "events-unreachable"
  | "lease-lost"
  | "illegal-transition"
  | "everything-held";

/** Plain values that are safe in logs, step results and answers. */
export type SafeDetails = Readonly<Record<string, string | number | boolean>>;

interface ErrorParts {
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly message: string;
  readonly details?: SafeDetails;
  readonly cause?: unknown;
}

/** What every error of Rekindle is; `retriable` says whether the same call may succeed later without a person. */
export abstract class RekindleError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly safeDetails: SafeDetails;

  protected constructor(parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = new.target.name;
    this.code = parts.code;
    this.retriable = parts.retriable;
    this.safeDetails = parts.details ?? {};
  }
}

/** The environment or the options are incomplete or contradict each other; names every fault at once. */
export class ConfigurationError extends RekindleError {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super({
      code: "configuration",
      retriable: false,
      message: `Rekindle cannot start: ${faults.join("; ")}. Set what is named and start again.`,
    });
    this.faults = faults;
  }
}

/** The app was started in production mode before it can tell one person from another. */
export class AccessControlMissingError extends RekindleError {
  constructor() {
    super({
      code: "access-control-missing",
      retriable: false,
      message:
        "This app refuses to start in production mode: access control has not landed yet, so anybody could open, keep and read every preview. Use `npm run dev`, or mount the library in an app that passes its own `authorize`.",
    });
  }
}

/** What was sent does not have the shape that the endpoint or event wants. */
export class InvalidRequestError extends RekindleError {
  constructor(what: string, cause?: unknown) {
    super({ code: "invalid-request", retriable: false, message: `The request was refused: ${what}`, cause });
  }
}

/** The files port knows no project of this id. */
export class UnknownProjectError extends RekindleError {
  constructor(projectId: string) {
    super({
      code: "unknown-project",
      retriable: false,
      message: `There is no project "${projectId}". It may have been deleted, or the address is mistyped.`,
      details: { projectId },
    });
  }
}

/** The files port failed; the project exists as far as anybody knows. */
export class FilesUnavailableError extends RekindleError {
  constructor(projectId: string, cause?: unknown) {
    super({
      code: "files-unavailable",
      retriable: true,
      message: `The files of project "${projectId}" could not be loaded or saved. The store behind them did not answer; try again.`,
      details: { projectId },
      cause,
    });
  }
}

/** The files port refuses changes: what they were made on is not its newest revision any more. */
export class StaleBaseError extends RekindleError {
  constructor(projectId: string) {
    super({
      code: "stale-base",
      retriable: false,
      message: `The files of project "${projectId}" have changed since they were brought into the sandbox. Nothing was saved and nothing is lost: bring the newest revision in, then save again.`,
      details: { projectId },
    });
  }
}

/** The files in a sandbox could not be looked through: its disk is full, or a program that every template has is not there. */
export class WorkspaceUnreadableError extends RekindleError {
  constructor(sandboxId: string, exitCode: number, cause?: unknown) {
    super({
      code: "workspace-unreadable",
      retriable: true,
      message: `The files in sandbox ${sandboxId} could not be looked through (exit code ${exitCode}). It is tried again; if it lasts, look whether its disk is full and whether its template has bash, find and gzip.`,
      details: { sandboxId, exitCode },
      cause,
    });
  }
}

/** No start command was given and none could be detected from the project's files. */
export class NoRecipeError extends RekindleError {
  constructor(why: string) {
    super({
      code: "no-recipe",
      retriable: false,
      message: `Rekindle does not know how to start this project: ${why}. Add a "dev" or "start" script to package.json, or pass a recipe.`,
    });
  }
}

/** The preview's last start failed, and only a person may start it again. */
export class NeedsPersonError extends RekindleError {
  constructor(previewId: string) {
    super({
      code: "needs-person",
      retriable: false,
      message: `Preview ${previewId} could not be started and waits for a person. Somebody has to open it and read why.`,
      details: { previewId },
    });
  }
}

/** The preview did not come to run in the time that whoever asked was willing to wait. */
export class PreviewNotAvailableError extends RekindleError {
  constructor(previewId: string, state: string, reason: string) {
    super({
      code: "not-available",
      retriable: true,
      message: `Preview ${previewId} is ${state} (${reason}) and did not come to run in time. Ask again a little later.`,
      details: { previewId, state, reason },
    });
  }
}

/** The hold reached its end while the work still went on. */
export class HoldEndedError extends RekindleError {
  constructor(key: string) {
    super({
      code: "hold-ended",
      retriable: false,
      message: `The hold "${key}" has reached its end, so the preview may be paused at any moment. Stop, and take a new hold to go on.`,
      details: { key },
    });
  }
}

/** The run comes near the plan's end and has to be renewed: whoever holds the preview should come to a resting point. */
export class RunEndsSoonError extends RekindleError {
  constructor(sandboxId: string) {
    super({
      code: "run-ends-soon",
      retriable: true,
      message: `The run of sandbox ${sandboxId} is about to be renewed, which closes its connections for a few seconds. Stop here; the work is called again afterwards.`,
      details: { sandboxId },
    });
  }
}

/** The provider has no such sandbox any more: killed, expired, or never there. */
export class SandboxGoneError extends RekindleError {
  constructor(sandboxId: string, cause?: unknown) {
    super({
      code: "sandbox-gone",
      retriable: false,
      message: `Sandbox ${sandboxId} is gone. Its preview is rebuilt from the project's files when somebody opens it.`,
      details: { sandboxId },
      cause,
    });
  }
}

/** The provider did not answer in time, or answered that it is in trouble; the call may or may not have taken effect. */
export class ProviderUnreachableError extends RekindleError {
  constructor(call: string, cause?: unknown) {
    super({
      code: "provider-unreachable",
      retriable: true,
      message: `The sandbox provider did not answer "${call}". It is retried; nothing needs to be done unless it lasts.`,
      details: { call },
      cause,
    });
  }
}

/** The provider understood the call and will never accept it: wrong key, unknown template, impossible value. */
export class ProviderRefusedError extends RekindleError {
  constructor(call: string, status: number, cause?: unknown) {
    super({
      code: "provider-refused",
      retriable: false,
      message: `The sandbox provider refused "${call}" with status ${status}. Check the API key, the template and the plan's limits.`,
      details: { call, status },
      cause,
    });
  }
}

/** The sandbox is in a transition of the provider's own, or its node is busy; nothing was changed. */
export class ProviderBusyError extends RekindleError {
  constructor(call: string, cause?: unknown) {
    super({
      code: "provider-busy",
      retriable: true,
      message: `The sandbox was busy, so "${call}" changed nothing. It is tried again shortly.`,
      details: { call },
      cause,
    });
  }
}

/** The plan's number of running sandboxes is reached; waiting for a free place helps, hurrying does not. */
export class ProviderCapacityError extends RekindleError {
  constructor(running: number) {
    super({
      code: "provider-capacity",
      retriable: false,
      message: `All places are taken: ${running} sandboxes run already. Try again when one has gone to rest, or raise the plan's limit.`,
      details: { running },
    });
  }
}

/** An operator has stopped new sandboxes for a while. */
export class CreatingStoppedError extends RekindleError {
  constructor() {
    super({
      code: "creating-stopped",
      retriable: false,
      message:
        "The operators have stopped new sandboxes for a while. What runs or rests goes on; try again when the switch is turned back.",
    });
  }
}

/** Calls came faster than the provider allows. */
export class ProviderRateError extends RekindleError {
  constructor(call: string, cause?: unknown) {
    super({
      code: "provider-rate",
      retriable: true,
      message: `The sandbox provider asked to slow down at "${call}". It is tried again shortly.`,
      details: { call },
      cause,
    });
  }
}

/** Redis did not answer in time, or answered that it is in trouble; the script may or may not have run. */
export class StoreUnreachableError extends RekindleError {
  constructor(script: string, cause?: unknown) {
    super({
      code: "store-unreachable",
      retriable: true,
      message: `The state store did not answer "${script}". Running previews go on; try again.`,
      details: { script },
      cause,
    });
  }
}

/** Redis refused the script itself: wrong token, or a fault in the script. */
export class StoreRefusedError extends RekindleError {
  constructor(script: string, cause?: unknown) {
    super({
      code: "store-refused",
      retriable: false,
      message: `The state store refused "${script}". Check its address and token; if they are right this is a fault in Rekindle.`,
      details: { script },
      cause,
    });
  }
}

/** A record in Redis has a version or a shape that this code does not read; never guessed at. */
export class RecordUnreadableError extends RekindleError {
  constructor(previewId: string, cause?: unknown) {
    super({
      code: "record-unreadable",
      retriable: true,
      message: `The record of preview ${previewId} was written by another version of Rekindle. It is read again after the deploy has settled.`,
      details: { previewId },
      cause,
    });
  }
}

/** Inngest did not take the event that would have gone on with the work. */
export class EventsUnreachableError extends RekindleError {
  constructor(eventName: string, cause?: unknown) {
    super({
      code: "events-unreachable",
      retriable: true,
      message: `Inngest did not accept "${eventName}", so nothing would carry the work on. Try again; if it lasts, check Inngest's address and keys.`,
      details: { eventName },
      cause,
    });
  }
}

/** Another worker holds the claim now; whoever gets this must stop without touching anything. */
export class LeaseLostError extends RekindleError {
  constructor(previewId: string) {
    super({
      code: "lease-lost",
      retriable: false,
      message: `Another worker has taken over preview ${previewId}. This run ends without changing anything.`,
      details: { previewId },
    });
  }
}

/** A commit asked for a change of state that the table of transitions does not have: a fault in Rekindle. */
export class IllegalTransitionError extends RekindleError {
  constructor(previewId: string, from: string, to: string) {
    super({
      code: "illegal-transition",
      retriable: false,
      message: `Preview ${previewId} cannot go from "${from}" to "${to}". This is a fault in Rekindle; the record was left as it is.`,
      details: { previewId, from, to },
    });
  }
}

/** An operator holds everything: nothing is brought to rest, killed or forgotten until they are done. */
export class EverythingHeldError extends RekindleError {
  constructor(call: string) {
    super({
      code: "everything-held",
      retriable: false,
      message: `Everything is held while an operator looks, so "${call}" changed nothing. Turn the switch "hold-everything" off, then ask again.`,
      details: { call },
    });
  }
}
