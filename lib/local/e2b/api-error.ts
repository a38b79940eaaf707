/**
 * Owns the one error that the control plane answers with: an HTTP status and E2B's text, sent as `{code, message}`.
 * The SDK reads `code` in the body, not the status (e2b.md §1.4, SDK 2.51.0), so it must never be left out. The
 * texts are E2B's own, because people search for them.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export function sandboxNotFound(sandboxId: string): ApiError {
  return new ApiError(404, `Sandbox "${sandboxId}" doesn't exist or you don't have access to it`);
}

/** For what the stand-in does not do: it must never look like success. */
export function notOffered(what: string): ApiError {
  return new ApiError(501, `The local E2B stand-in does not offer ${what}`);
}
