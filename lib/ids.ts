/**
 * Owns the identities: branded ids that only parse functions make, and the one function that derives a preview's id.
 * A preview id is never passed in from outside: it is derived from the environment, project and user, so nobody can
 * name a preview of another environment. Fails closed: an id that does not match throws `InvalidRequestError`.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import { InvalidRequestError } from "./errors";

/** Ids come from products' databases (uuid, ulid, nanoid, slug); the alphabet keeps them safe inside Redis keys. */
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const leaseIdHint = "8 to 128 letters, digits, hyphens, underscores or colons";
const idHint = "1 to 64 letters, digits, hyphens or underscores";

export const projectIdSchema = z.string().regex(idPattern, idHint).brand<"ProjectId">();
export const userIdSchema = z.string().regex(idPattern, idHint).brand<"UserId">();
export const viewerIdSchema = z.string().regex(idPattern, idHint).brand<"ViewerId">();
export const holdKeySchema = z.string().regex(idPattern, idHint).brand<"HoldKey">();
export const leaseIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{8,128}$/)
  .brand<"LeaseId">();
/** E2B's own form, `i` and twenty characters, lower case because it becomes part of a host name (observed 2026-11-22). */
export const sandboxIdSchema = z
  .string()
  .regex(/^[a-z0-9]{4,40}$/)
  .brand<"SandboxId">();

export type ProjectId = z.infer<typeof projectIdSchema>;
export type UserId = z.infer<typeof userIdSchema>;
/** One browser tab, or one caller of the API; what presence counts. */
export type ViewerId = z.infer<typeof viewerIdSchema>;
/** Names one hold of one preview: an agent's task, say. Asking again with the same key is the same hold. */
export type HoldKey = z.infer<typeof holdKeySchema>;
export type LeaseId = z.infer<typeof leaseIdSchema>;
export type SandboxId = z.infer<typeof sandboxIdSchema>;
export type PreviewId = string & z.BRAND<"PreviewId">;

/** Whose preview of what: a product that shares one preview among its users passes the user `shared`. */
export interface Scope {
  readonly projectId: ProjectId;
  readonly userId: UserId;
}

/** Whose preview, in plain strings; a shared one has the user `shared`. */
export interface Whose {
  readonly projectId: string;
  readonly userId: string;
}

/** The scope of two plain strings. @throws InvalidRequestError naming the one that does not fit. */
export function parseScope(projectId: unknown, userId: unknown): Scope {
  return {
    projectId: parse(projectIdSchema, projectId, "projectId"),
    userId: parse(userIdSchema, userId, "userId"),
  };
}

/** @throws InvalidRequestError when the id is not in the alphabet. */
export const parseUserId = (value: unknown): UserId => parse(userIdSchema, value, "userId");

/** @throws InvalidRequestError when the id is not in the alphabet. */
export const parseViewerId = (value: unknown): ViewerId => parse(viewerIdSchema, value, "viewerId");

/** @throws InvalidRequestError when it is no sandbox's id. */
export const parseSandboxId = (value: unknown): SandboxId =>
  parse(sandboxIdSchema, value, "sandboxId", "4 to 40 lower-case letters and digits");

/** @throws InvalidRequestError when the key is not in the alphabet. */
export const parseHoldKey = (value: unknown): HoldKey => parse(holdKeySchema, value, "key of the hold");

/** @throws InvalidRequestError when the id is not in the alphabet. */
export const parseLeaseId = (value: unknown): LeaseId => parse(leaseIdSchema, value, "leaseId", leaseIdHint);

/** The id of a scope's preview in one environment: 24 characters, the same for the same three, disjoint otherwise. */
export function previewIdOf(environment: string, scope: Scope): PreviewId {
  const digest = hash("sha256", `${environment}\n${scope.projectId}\n${scope.userId}`);
  return digest.slice(0, 24) as PreviewId;
}

function parse<S extends z.ZodType>(schema: S, value: unknown, name: string, hint = idHint): z.output<S> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new InvalidRequestError(`${name} must be ${hint}.`);
  return parsed.data;
}
