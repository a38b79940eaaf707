/**
 * Owns what a sandbox of the provider's list is to an audit: whose it says that it is, and what follows from how it stands
 * to the records. Pure. It must never call something ours whose labels do not lead to the very preview id that they tell.
 */

import { z } from "zod";
import { type PreviewId, projectIdSchema, type Scope, userIdSchema } from "@/lib/ids";
import type { ListedSandbox } from "@/lib/sandbox/port";
import type { LabelledSandbox, Standing } from "@/lib/store/audit-store";
import type { Policy } from "../policy";

const labelsSchema = z.object({
  app: z.string(),
  env: z.string(),
  previewId: z.string(),
  projectId: projectIdSchema,
  userId: userIdSchema,
  epoch: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  ticket: z
    .string()
    .regex(/^[a-z0-9]{1,40}$/)
    .optional(),
});

export interface Ours {
  readonly appId: string;
  readonly environment: string;
  previewIdOf(scope: Scope): PreviewId;
}

/** `foreign`: another app's or environment's, which is nobody's business here, though a query should never show it. */
export type Read =
  | { readonly kind: "ours"; readonly sandbox: LabelledSandbox }
  | { readonly kind: "foreign" | "unreadable" };

export function readLabels({ sandboxId, labels }: ListedSandbox, ours: Ours): Read {
  if (labels.app !== ours.appId || labels.env !== ours.environment) return { kind: "foreign" };
  const parsed = labelsSchema.safeParse(labels);
  if (!parsed.success) return { kind: "unreadable" };
  const { projectId, userId, epoch, ticket, previewId } = parsed.data;
  const scope = { projectId, userId };
  if (ours.previewIdOf(scope) !== previewId) return { kind: "unreadable" };
  return { kind: "ours", sandbox: { sandboxId, scope, epoch, ...(ticket === undefined ? {} : { ticket }) } };
}

export type Verdict = "fine" | "look" | "stop" | "rebuild";

/** `now` is Redis's. What is too young is left alone: somebody may be about to name it. */
export function judge(
  listed: Pick<ListedSandbox, "state" | "startedAt" | "endsAt">,
  standing: Standing,
  now: number,
  { orphanGraceMs }: Policy,
): Verdict {
  const isYoung = now - listed.startedAt < orphanGraceMs;
  switch (standing.kind) {
    case "named":
      return isAgreed(listed, standing) ? "fine" : "look";
    case "others":
    case "claimed":
      return "fine";
    case "unknown":
      return "rebuild";
    case "unnamed":
      return isYoung ? "fine" : "rebuild";
    case "let-go":
      return "stop";
    case "never-named":
      return isYoung ? "fine" : "stop";
    case "orphan":
      // At rest it costs nothing, and nobody knows that nothing is in it.
      return isYoung || listed.state === "paused" ? "fine" : "stop";
  }
}

/** Whoever holds the claim is about to make them agree. */
function isAgreed(
  listed: Pick<ListedSandbox, "state" | "startedAt" | "endsAt">,
  standing: Extract<Standing, { kind: "named" }>,
): boolean {
  if (standing.isClaimed) return true;
  switch (standing.state) {
    case "running":
      return (
        listed.state === "running" &&
        standing.runStartedAt === listed.startedAt &&
        standing.endsAt === listed.endsAt
      );
    case "paused":
    case "failed":
      return listed.state === "paused";
    case "absent":
    case "expired":
    case "starting":
    case "pausing":
    case "resuming":
      return false;
  }
}
