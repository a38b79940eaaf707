/**
 * Owns how outcomes become HTTP answers: a status for each code of the catalogue, never a stack, a vendor's text or a
 * cached answer. Pure. Fails closed: an error that is not of the catalogue answers 500 without its text.
 */
import { type ErrorCode, RekindleError } from "@/lib/errors";

const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  configuration: 500,
  "access-control-missing": 503,
  "invalid-request": 400,
  "unknown-project": 404,
  "files-unavailable": 503,
  "stale-base": 409,
  "workspace-unreadable": 503,
  "no-recipe": 422,
  "needs-person": 409,
  "not-available": 503,
  "hold-ended": 409,
  "run-ends-soon": 503,
  "sandbox-gone": 409,
  "provider-unreachable": 503,
  "provider-refused": 502,
  "provider-busy": 503,
  "provider-capacity": 503,
  "provider-rate": 503,
  "creating-stopped": 503,
  "store-unreachable": 503,
  "store-refused": 500,
  "record-unreadable": 503,
  "events-unreachable": 503,
  "lease-lost": 409,
  "illegal-transition": 500,
  "everything-held": 409,
};

export function answerJson(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store" } });
}

/** `{error: {code, message, retriable}}` with the status of its code. */
export function answerError(error: unknown): Response {
  if (error instanceof RekindleError) {
    const { code, message, retriable } = error;
    return answerJson(statusOfCode[code], { error: { code, message, retriable } });
  }
  return answerJson(500, {
    error: {
      code: "unexpected",
      message: "Something failed that should not; the log has it.",
      retriable: true,
    },
  });
}
