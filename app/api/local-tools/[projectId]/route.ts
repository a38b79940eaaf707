/** Makes a local sandbox fail, or lets the sample agent work in it; there only where the environment names such tools. */
import { authorize } from "@/app/authorize";
import { answerLocalTool } from "@/app/local-tools-route";
import { theApp } from "@/app/rekindle";
import { jsonLog } from "@/lib/log";
import { answerError } from "@/lib/routes/answers";
import { logFailure } from "@/lib/routes/handlers";

interface RouteContext {
  readonly params: Promise<{ readonly projectId: string }>;
}

export async function POST(request: Request, { params }: RouteContext): Promise<Response> {
  const { projectId } = await params;
  try {
    return await answerLocalTool({ tools: theApp().localTools, authorize, log: jsonLog }, request, projectId);
  } catch (error) {
    logFailure(jsonLog, error, { route: "local-tools" });
    return answerError(error);
  }
}
