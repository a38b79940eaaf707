/** Hears from E2B what happens to sandboxes; its signature says that it is E2B. */
import { authorize } from "@/app/authorize";
import { theApp } from "@/app/rekindle";
import { jsonLog } from "@/lib/log";
import { answerError } from "@/lib/routes/answers";
import { logFailure } from "@/lib/routes/handlers";

export async function POST(request: Request): Promise<Response> {
  try {
    return await theApp().rekindle.handlers(authorize).sandboxEvents(request);
  } catch (error) {
    logFailure(jsonLog, error, { route: "sandbox-events" });
    return answerError(error);
  }
}
