/**
 * Owns the names of all keys in Redis. Nothing else joins a key, so environments and previews never overlap: the
 * environment is validated, the preview id is a hash. Pure; cannot fail.
 */
import { type PreviewId, previewIdOf, type SandboxId, type Scope } from "@/lib/ids";

/** In the order that every script's KEYS have; `lib/store/scripts/prelude.ts` says what each holds. */
export type ScriptKeys = readonly [
  record: string,
  viewers: string,
  due: string,
  condemned: string,
  log: string,
  requests: string,
  holds: string,
  history: string,
  places: string,
  used: string,
  line: string,
  fleet: string,
  user: string,
  breaker: string,
  userPreviews: string,
  projectPreviews: string,
  previews: string,
  named: string,
  sandbox: string,
  forgotten: string,
  sandboxes: string,
];

export interface PreviewKeys {
  readonly previewId: PreviewId;
  readonly all: ScriptKeys;
}

/** What all previews of an environment share. */
export interface FleetKeys {
  readonly due: string;
  readonly places: string;
  readonly used: string;
  readonly line: string;
  readonly fleet: string;
  readonly previews: string;
  readonly named: string;
}

export function fleetKeys(environment: string): FleetKeys {
  const key = (kind: string) => `rekindle:${environment}:${kind}`;
  return {
    due: key("due"),
    places: key("places"),
    used: key("used"),
    line: key("line"),
    fleet: key("fleet"),
    previews: key("previews"),
    named: key("named"),
  };
}

export const userKey = (environment: string, userId: string): string =>
  `rekindle:${environment}:user:${userId}`;

export const userPreviewsKey = (environment: string, userId: string): string =>
  `rekindle:${environment}:user-previews:${userId}`;

export const projectPreviewsKey = (environment: string, projectId: string): string =>
  `rekindle:${environment}:project-previews:${projectId}`;

/** What is remembered of one sandbox, also after it is gone: whose it was, whether it ever ran for them. */
export const sandboxKey = (environment: string, sandboxId: string): string =>
  `rekindle:${environment}:sandbox:${sandboxId}`;

/** For a while: that a preview was forgotten, and up to which epoch; it holds no name, and the id in it is a hash. */
export const forgottenKey = (environment: string, previewId: string): string =>
  `rekindle:${environment}:forgotten:${previewId}`;

/** That a sandbox with this ticket among its labels was about to be made; whether it was named is another key's to tell. */
export const ticketKey = (environment: string, ticket: string): string =>
  `rekindle:${environment}:ticket:${ticket}`;

/** What a dry run of the audit has seen; gone by itself an hour later. */
export const auditSeenKey = (environment: string, passId: string): string =>
  `rekindle:${environment}:audit-seen:${passId}`;

/** `sandboxId`: the one that the script names or lets go, where it does either. */
export function keysOf(environment: string, scope: Scope, sandboxId?: SandboxId): PreviewKeys {
  const previewId = previewIdOf(environment, scope);
  const key = (kind: string) => `rekindle:${environment}:${kind}:${previewId}`;
  const fleet = fleetKeys(environment);
  const { projectId, userId } = scope;
  return {
    previewId,
    all: [
      key("preview"),
      key("viewers"),
      fleet.due,
      key("condemned"),
      key("log"),
      key("requests"),
      key("holds"),
      key("history"),
      fleet.places,
      fleet.used,
      fleet.line,
      fleet.fleet,
      userKey(environment, userId),
      `rekindle:${environment}:breaker:${projectId}`,
      userPreviewsKey(environment, userId),
      projectPreviewsKey(environment, projectId),
      fleet.previews,
      fleet.named,
      sandboxKey(environment, sandboxId ?? "none"),
      forgottenKey(environment, previewId),
      key("sandboxes"),
    ],
  };
}
