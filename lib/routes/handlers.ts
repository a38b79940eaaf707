/**
 * Owns the HTTP face of the operations, as fetch-style handlers: parse → authorize → one call → respond. Next, Hono or a
 * plain server mount them as they are. It must never act on a GET, on a foreign origin, or for somebody whom
 * `authorize` did not name; not yours and not there are both 404. Fails closed: what is not understood is refused.
 */
import { z } from "zod";
import { InvalidRequestError, RekindleError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import type { Explanation } from "@/lib/preview/explain";
import type { PreviewView } from "@/lib/preview/view";
import { answerError, answerJson } from "./answers";

/** The user on whose behalf the request comes, if that user may see the project's preview; else undefined. */
export type Authorize = (request: Request, projectId: string) => Promise<string | undefined>;

/** What the handlers call; `Rekindle` has them. */
export interface Operations {
  open(whose: { projectId: string; userId: string; viewerId?: string }): Promise<PreviewView>;
  beat(whose: { projectId: string; userId: string; viewerId: string }): Promise<PreviewView>;
  leave(whose: { projectId: string; userId: string; viewerId: string }): Promise<PreviewView>;
  status(whose: { projectId: string; userId: string }): Promise<PreviewView>;
  explain(whose: { projectId: string; userId: string }): Promise<Explanation>;
}

export interface Handlers {
  /** GET: the view; changes nothing. */
  status(request: Request, projectId: string): Promise<Response>;
  /** GET: why it is as it is, and its history; changes nothing. */
  history(request: Request, projectId: string): Promise<Response>;
  /** POST {viewerId}: a person wants to see it. */
  open(request: Request, projectId: string): Promise<Response>;
  /** POST {viewerId}: a sign of life. */
  beat(request: Request, projectId: string): Promise<Response>;
  /** POST {viewerId}: the viewer closed it. */
  leave(request: Request, projectId: string): Promise<Response>;
}

const bodySchema = z.object({ viewerId: z.string() });

/** A viewer id and nothing else; a longer body is somebody's mistake. */
const MOST_BODY_BYTES = 2_000;

export function createHandlers(operations: Operations, authorize: Authorize, log: Log): Handlers {
  async function answer(
    request: Request,
    projectId: string,
    act: (userId: string) => Promise<PreviewView | Explanation>,
  ): Promise<Response> {
    try {
      const userId = await authorize(request, projectId);
      if (userId === undefined) return answerJson(404, { error: notFound });
      return answerJson(200, await act(userId));
    } catch (error) {
      logFailure(log, error, { projectId });
      return answerError(error);
    }
  }

  const acting =
    (operation: "open" | "beat" | "leave") =>
    (request: Request, projectId: string): Promise<Response> =>
      answer(request, projectId, async (userId) => {
        refuseForeignOrigin(request);
        const { viewerId } = await parseBody(request, bodySchema, '{"viewerId": string}');
        return operations[operation]({ projectId, userId, viewerId });
      });

  return {
    status: (request, projectId) =>
      answer(request, projectId, (userId) => operations.status({ projectId, userId })),
    history: (request, projectId) =>
      answer(request, projectId, (userId) => operations.explain({ projectId, userId })),
    open: acting("open"),
    beat: acting("beat"),
    leave: acting("leave"),
  };
}

/** Once a failure: what a person did wrong is told to them; what is ours or a vendor's is for the operator. */
export function logFailure(log: Log, error: unknown, fields: Record<string, unknown>): void {
  if (error instanceof InvalidRequestError) return;
  const known = error instanceof RekindleError ? { code: error.code, ...error.safeDetails } : {};
  const cause = error instanceof Error && error.cause instanceof Error ? { cause: error.cause.name } : {};
  // The frames without the first line: a message that is not ours may hold what no log should.
  const frames = (error instanceof Error ? (error.stack ?? "") : "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line));
  const thrown = { error: error instanceof Error ? error.name : typeof error, frames: frames.slice(0, 5) };
  log.error({ ...fields, ...known, ...cause, ...thrown }, "a request failed");
}

export const notFound = { code: "not-found", message: "There is no such preview, or it is not yours." };

/** A page of another site could make a browser send this; the browser then says whose page it was. */
export function refuseForeignOrigin(request: Request): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const host = request.headers.get("host");
  const isForeign = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isForeign || (site !== null && site !== "same-origin" && site !== "none")) {
    throw new InvalidRequestError("it came from a page of another site.");
  }
}

/** `shape` says to a person what the schema wants. @throws InvalidRequestError for what is no JSON, too long or else. */
export async function parseBody<Body>(
  request: Request,
  schema: z.ZodType<Body>,
  shape: string,
): Promise<Body> {
  if (!request.headers.get("content-type")?.startsWith("application/json")) {
    throw new InvalidRequestError("the body must be JSON, with that content type.");
  }
  // A length that is told is refused before anything is read; the server's own limit bounds one that is not.
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BODY_BYTES) {
    throw new InvalidRequestError("the body is too long.");
  }
  const text = await request.text();
  if (text.length > MOST_BODY_BYTES) throw new InvalidRequestError("the body is too long.");
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success) throw new InvalidRequestError(`the body must be ${shape}.`);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidRequestError("the body is not JSON.", error);
  }
}
