/**
 * Owns who may use `/files`: whoever has the sandbox's token, or an address that was signed with it (e2b.md §3.4;
 * INFRA envd api/auth.go). With the SDK's `sandboxUrl` such an address names no sandbox, so it is found by trying each
 * one's token. Fails closed with `ApiError` 401, in envd's words.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { isSecret } from "@/lib/local/loopback";

export interface FilesRequest {
  readonly request: IncomingMessage;
  readonly url: URL;
}

/** Throws `ApiError` 401 unless the request carries the token or a signature made with it that still holds. */
export function refuseUnsigned({ request, url }: FilesRequest, envdToken: string, nowMs: number): void {
  const given = request.headers["x-access-token"];
  if (given !== undefined && given !== "") {
    if (isSecret(given, envdToken)) return;
    throw new ApiError(401, "access token present in header but does not match");
  }
  const signature = url.searchParams.get("signature");
  if (signature === null) throw new ApiError(401, "missing signature query parameter");
  if (!isSecret(signature, expectedSignature({ request, url }, envdToken))) {
    throw new ApiError(401, "invalid signature");
  }
  const expiresAt = url.searchParams.get("signature_expiration");
  // What is no number has expired too.
  if (expiresAt !== null && !(Number(expiresAt) >= Math.floor(nowMs / 1000))) {
    throw new ApiError(401, "signature is already expired");
  }
}

/** Whether envd would let the request in: by the token, or by a signature that still holds. */
export function isSignedFor(request: IncomingMessage, envdToken: string, nowMs: number): boolean {
  try {
    refuseUnsigned({ request, url: new URL(request.url ?? "/", "http://envd") }, envdToken, nowMs);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** The sandbox whose token signed it; undefined when the request is none of a signed address. Throws `ApiError` 401. */
export function findSigner(
  request: IncomingMessage,
  sandboxIds: () => readonly string[],
  envdTokenOf: (sandboxId: string) => string,
): string | undefined {
  const url = new URL(request.url ?? "/", "http://envd");
  const signature = url.searchParams.get("signature");
  if (url.pathname !== "/files" || signature === null) return undefined;
  for (const sandboxId of sandboxIds()) {
    if (isSecret(signature, expectedSignature({ request, url }, envdTokenOf(sandboxId)))) return sandboxId;
  }
  throw new ApiError(401, "invalid signature");
}

/** Over path and user as they stand in the address, empty when they do not, and the end as its own text. */
function expectedSignature({ request, url: { searchParams } }: FilesRequest, envdToken: string): string {
  const signed = [
    searchParams.get("path") ?? "",
    request.method === "GET" ? "read" : "write",
    searchParams.get("username") ?? "",
    envdToken,
    ...searchParams.getAll("signature_expiration").slice(0, 1),
  ];
  const digest = createHash("sha256").update(signed.join(":")).digest("base64");
  return `v1_${digest.replace(/=+$/, "")}`;
}
