/**
 * Owns the HTTP face of the local tools: POST {tool}, with the checks that every other acting route makes. It must never
 * act for somebody whom `authorize` does not name. Fails closed: without local tools there is no such route.
 */
import { z } from "zod";
import type { Authorize } from "@/lib";
import type { Log } from "@/lib/log";
import { answerError, answerJson } from "@/lib/routes/answers";
import { logFailure, notFound, parseBody, refuseForeignOrigin } from "@/lib/routes/handlers";
import { localToolNames } from "./local-tool-names";
import type { LocalTools } from "./local-tools";

const bodySchema = z.object({ tool: z.enum(localToolNames) });

export interface LocalToolsRoute {
  readonly tools: LocalTools | undefined;
  readonly authorize: Authorize;
  readonly log: Log;
}

/** 204 when the tool has done its work. */
export async function answerLocalTool(
  { tools, authorize, log }: LocalToolsRoute,
  request: Request,
  projectId: string,
): Promise<Response> {
  try {
    const userId = tools && (await authorize(request, projectId));
    if (tools === undefined || userId === undefined) return answerJson(404, { error: notFound });
    refuseForeignOrigin(request);
    const { tool } = await parseBody(request, bodySchema, `{"tool": "${localToolNames.join('" or "')}"}`);
    await tools.use(tool, { projectId, userId });
    return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
  } catch (error) {
    logFailure(log, error, { projectId });
    return answerError(error);
  }
}
