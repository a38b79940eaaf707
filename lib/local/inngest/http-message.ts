/**
 * Owns the form of what the engine's listener takes in and gives out, and the answers that several routes give. It must
 * never add a CORS header: no page of another origin may read or send anything here. Pure; cannot fail.
 */

export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What follows the host, taken apart. */
export interface Target {
  readonly pathname: string;
  /** "/v1/runs/x" is ["v1", "runs", "x"]; "/" is [""]. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

export function targetOf(path: string): Target {
  // Without a base a path of two slashes would be read as a host.
  const { pathname, searchParams } = new URL(`http://127.0.0.1${path.startsWith("/") ? path : `/${path}`}`);
  return { pathname, segments: pathname.split("/").slice(1).map(decoded), query: searchParams };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not an encoding: as it stands it names nothing, and is answered like any unknown path.
    return segment;
  }
}

export function json(status: number, body: unknown): ApiResponse {
  return {
    status,
    headers: {
      "content-type": "application/json",
      "x-inngest-server-kind": "dev",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    },
    body: JSON.stringify(body),
  };
}
