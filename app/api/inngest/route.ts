/**
 * Mounts the durable functions for Inngest: PUT registers them, POST runs a step, GET introspects. The SDK checks the
 * signature outside dev mode; in dev mode only programs of this machine are answered. Fails closed: an app that cannot be built answers with that error.
 */
import type { NextRequest } from "next/server";
import { refusalInDev } from "@/app/dev-guard";
import { theApp } from "@/app/rekindle";
import { jsonLog } from "@/lib/log";
import { answerError, answerJson } from "@/lib/routes/answers";
import { logFailure } from "@/lib/routes/handlers";

/** Seconds; a step takes at most about 20, the rest is for a slow start of the function. */
export const maxDuration = 60;

export const GET = mount("GET");
export const POST = mount("POST");
export const PUT = mount("PUT");

function mount(method: "GET" | "POST" | "PUT") {
  return async (request: NextRequest, context: unknown): Promise<Response> => {
    const refusal = refusalInDev(request, process.env.INNGEST_DEV);
    if (refusal) return answerJson(403, { error: { code: "refused", message: refusal } });
    try {
      return await theApp().inngest[method](request, context);
    } catch (error) {
      logFailure(jsonLog, error, { route: "inngest" });
      return answerError(error);
    }
  };
}
