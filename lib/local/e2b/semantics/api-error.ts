/**
 * Owns the one error that the control plane answers with: an HTTP status and E2B's text, sent as
 * `{code, message, error_code?}`, and the texts that several calls share. The SDK reads `code` in the body, not the
 * status (e2b.md §1.4, SDK 2.51.0), so it must never be left out. The texts are E2B's own, because people search for
 * them.
 */
export interface ErrorDetails {
  /** For programs; `error_code` in the body. */
  readonly errorCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

export function sandboxNotFound(sandboxId: string): ApiError {
  return new ApiError(404, `Sandbox "${sandboxId}" doesn't exist or you don't have access to it`);
}

/** In the middle of a change that this call does not wait for (INFRA `SandboxChangingStateMsg`). */
export function beingChanged(
  sandboxId: string,
  change: "paused" | "killed" | "snapshotted" | "changed",
): ApiError {
  return new ApiError(409, `Sandbox "${sandboxId}" is being ${change}`);
}

/** RT's answer when a node refuses; the sandbox is untouched. The SDK makes it a ServiceBusyError. */
export function nodeBusy(sandboxId: string, change: "paused" | "snapshotted"): ApiError {
  return new ApiError(
    503,
    `Sandbox "${sandboxId}" cannot be ${change} right now because its node is busy, please retry`,
  );
}

/** For what the stand-in does not do: it must never look like success. */
export function notOffered(what: string): ApiError {
  return new ApiError(501, `The local E2B stand-in does not offer ${what}`);
}
