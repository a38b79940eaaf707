/**
 * Owns how snapshots and templates are named: `team/alias:tag` or `templateId:tag`, the team and the tag optional
 * (e2b.md §3.7; INFRA shared/pkg/id). There is one team here. It must never let another team's name pass for ours.
 * Pure; a name that E2B would refuse is an `ApiError` 400.
 */
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export const TEAM = "team";
export const DEFAULT_TAG = "default";

export interface TemplateName {
  readonly team: string | undefined;
  /** An alias or a template's id: which of the two only the templates know. */
  readonly alias: string;
  /** Undefined when none was named. */
  readonly tag: string | undefined;
}

/** Lower case, trimmed. */
export function readTemplateName(text: string, what: string): TemplateName {
  const [identifier = "", ...tags] = text.trim().toLowerCase().split(":");
  const [first = "", ...rest] = identifier.split("/");
  const team = rest.length > 0 ? first : undefined;
  const alias = rest.length > 0 ? rest.join("/") : first;
  const tag = tags.length > 0 ? tags.join(":") : undefined;
  if (team !== undefined) refuseUnless(/^[a-z0-9-_]+$/, team, `${what}: invalid namespace`);
  refuseUnless(/^[a-z0-9-_]+$/, alias, `${what}: invalid template ID`);
  if (tag !== undefined) refuseUnless(/^[a-z0-9-_.]+$/, tag, `${what}: invalid tag`);
  return { team, alias, tag };
}

/** The name of a snapshot that is to be made or looked for: it is this team's. */
export function readSnapshotName(text: string): TemplateName {
  const name = readTemplateName(text, "Invalid name");
  if (name.team === undefined || name.team === TEAM) return name;
  throw new ApiError(400, `namespace '${name.team}' must match your team '${TEAM}'`);
}

function refuseUnless(pattern: RegExp, part: string, message: string): void {
  if (!pattern.test(part)) throw new ApiError(400, `${message}: ${part}`);
}
