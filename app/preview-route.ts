/**
 * Owns how a handler of Rekindle becomes a Next route: await the parameters, build the app at the first request, hand
 * over. It must never decide anything itself. Fails closed: an app that cannot be built answers with that error.
 */

import { jsonLog } from "@/lib/log";
import { answerError } from "@/lib/routes/answers";
import { type Handlers, logFailure } from "@/lib/routes/handlers";
import { authorize } from "./authorize";
import { theApp } from "./rekindle";

interface RouteContext {
  readonly params: Promise<{ readonly projectId: string }>;
}

export function previewRoute(operation: keyof Handlers) {
  return async (request: Request, { params }: RouteContext): Promise<Response> => {
    const { projectId } = await params;
    try {
      return await theApp().rekindle.handlers(authorize)[operation](request, projectId);
    } catch (error) {
      logFailure(jsonLog, error, { route: operation });
      return answerError(error);
    }
  };
}
