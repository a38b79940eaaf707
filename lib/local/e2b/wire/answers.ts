/**
 * Owns how requests are read and answered on the wire: JSON bodies in and out. It must never send CORS headers: no
 * page may read an answer. A body or query that is too long, not JSON or not of the expected shape
 * is an `ApiError`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { ApiError, notOffered } from "@/lib/local/e2b/semantics/api-error";

const LONGEST_JSON_BYTES = 4 * 1024 * 1024;

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function sendNothing(response: ServerResponse, status = 204): void {
  response.writeHead(status).end();
}

/** E2B's error body: the SDK reads `code`, not the status. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { code: status, message });
}

/** As above, with what only some errors have: a code for programs, and headers. */
export function sendApiError(response: ServerResponse, { status, message, details }: ApiError): void {
  const { errorCode, headers } = details;
  const body = { code: status, message, ...(errorCode === undefined ? {} : { error_code: errorCode }) };
  sendJson(response, status, body, headers);
}

/** `{}` when there is no body. */
export async function readJson<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  const text = (await readBytes(request, LONGEST_JSON_BYTES)).toString("utf8");
  return parseShape(text === "" ? "{}" : text, shape);
}

export async function readBytes(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > mostBytes) throw new ApiError(413, "The request body is too long");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

export function parseShape<T>(text: string, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, "The request body is not JSON");
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw refusalOf(parsed.error);
  return parsed.data;
}

/** A parameter that the shape does not name is ignored, as E2B does. */
export function parseQuery<T>(url: URL, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(Object.fromEntries(url.searchParams));
  if (!parsed.success) throw new ApiError(400, `Invalid query: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/** A field that is not known, where a shape is strict, asks for something that would not be kept. */
function refusalOf(error: z.ZodError): ApiError {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    return notOffered(`the field ${[...issue.path, ...issue.keys.slice(0, 1)].join(".")}`);
  }
  return new ApiError(400, `Invalid request body: ${firstIssue(error)}`);
}

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join(".") || "body"}: ${issue.message}` : "unknown";
}
