/**
 * Owns how a scope stands as a member of Redis's sets: "projectId/userId". Pure. What is no scope was never written by us,
 * and is left out: it must not keep a pass over many from everybody else's.
 */
import { z } from "zod";
import { projectIdSchema, type Scope, userIdSchema } from "@/lib/ids";

const scopeSchema = z.object({ projectId: projectIdSchema, userId: userIdSchema });

export function parseMember(member: string): Scope[] {
  const [projectId, userId] = member.split("/");
  const scope = scopeSchema.safeParse({ projectId, userId });
  return scope.success ? [scope.data] : [];
}
