/**
 * Owns the names of all keys in Redis. Nothing else joins a key, so environments and previews never overlap: the
 * environment is validated, the preview id is a hash. Pure; cannot fail.
 */
import { type PreviewId, previewIdOf, type Scope } from "@/lib/ids";

export interface PreviewKeys {
  readonly previewId: PreviewId;
  /** In the order that every script's KEYS have. */
  readonly all: readonly [
    record: string,
    viewers: string,
    due: string,
    condemned: string,
    log: string,
    requests: string,
    holds: string,
    history: string,
  ];
}

export const dueKey = (environment: string): string => `rekindle:${environment}:due`;

export function keysOf(environment: string, scope: Scope): PreviewKeys {
  const previewId = previewIdOf(environment, scope);
  const key = (kind: string) => `rekindle:${environment}:${kind}:${previewId}`;
  return {
    previewId,
    all: [
      key("preview"),
      key("viewers"),
      dueKey(environment),
      key("condemned"),
      key("log"),
      key("requests"),
      key("holds"),
      key("history"),
    ],
  };
}
