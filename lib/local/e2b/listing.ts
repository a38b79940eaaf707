/**
 * Owns how sandboxes are listed: filters, order, and the pages of `GET /v2/sandboxes` (e2b.md §2.5 and §3.3). It must
 * never change a sandbox. Pure; a query that E2B would refuse is an `ApiError` 400.
 */
import { ApiError } from "@/lib/local/e2b/api-error";

export interface Listable {
  readonly sandboxId: string;
  readonly templateId: string;
  readonly state: "running" | "paused";
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface ListQuery {
  /** Both states when left out. */
  readonly states?: ReadonlySet<string> | undefined;
  /** Exact matches, all of them. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly startedAfter?: number | undefined;
  readonly templateId?: string | undefined;
  readonly order?: "asc" | "desc" | undefined;
  readonly limit?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextToken?: string;
  /** Running ones that match the filters, on all pages. */
  readonly totalRunning: number;
}

const MOST_PER_PAGE = 100;

/** One page by start time, newest first unless told otherwise; equal times are ordered by id. */
export function listPage<T extends Listable>(all: readonly T[], query: ListQuery): Page<T> {
  const order = query.order ?? "desc";
  const matching = all
    .filter((sandbox) => matches(sandbox, query))
    .sort((a, b) => (order === "asc" ? compare(a, b) : compare(b, a)));
  const after = query.nextToken === undefined ? undefined : readToken(query.nextToken, order);
  const rest = after
    ? matching.filter((s) => (order === "asc" ? compare(s, after) > 0 : compare(s, after) < 0))
    : matching;
  const limit = Math.min(query.limit ?? MOST_PER_PAGE, MOST_PER_PAGE);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const totalRunning = matching.filter((sandbox) => sandbox.state === "running").length;
  if (rest.length > items.length && last) return { items, totalRunning, nextToken: writeToken(last, order) };
  return { items, totalRunning };
}

/**
 * The filter that a `metadata` query asks for. The framework has decoded it once already; E2B then decodes the whole,
 * and each key and value again (INFRA `parseFilters`, observed 2026-11-22), so anything less loses spaces and signs.
 */
export function readMetadataFilter(onceDecoded: string): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const pair of unescapeQuery(onceDecoded).split("&")) {
    const parts = pair.split("=");
    const [key, value] = parts;
    if (parts.length !== 2 || key === undefined || value === undefined) {
      throw new ApiError(400, "invalid key value pair in query");
    }
    filter[unescapeQuery(key)] = unescapeQuery(value);
  }
  return filter;
}

function matches(sandbox: Listable, query: ListQuery): boolean {
  if (query.states && !query.states.has(sandbox.state)) return false;
  if (query.templateId !== undefined && sandbox.templateId !== query.templateId) return false;
  if (query.startedAfter !== undefined && sandbox.startedAt <= query.startedAfter) return false;
  return Object.entries(query.metadata ?? {}).every(([key, value]) => sandbox.metadata[key] === value);
}

type Position = Pick<Listable, "startedAt" | "sandboxId">;

function compare(a: Position, b: Position): number {
  if (a.startedAt !== b.startedAt) return a.startedAt - b.startedAt;
  if (a.sandboxId === b.sandboxId) return 0;
  return a.sandboxId < b.sandboxId ? -1 : 1;
}

function writeToken(position: Position, order: "asc" | "desc"): string {
  const mark = order === "asc" ? "__asc" : "";
  const text = `${new Date(position.startedAt).toISOString()}__${position.sandboxId}${mark}`;
  return Buffer.from(text).toString("base64url");
}

function readToken(token: string, order: "asc" | "desc"): Position {
  const [time, sandboxId, mark] = Buffer.from(token, "base64url").toString().split("__");
  const startedAt = Date.parse(time ?? "");
  if (Number.isNaN(startedAt) || !sandboxId) throw new ApiError(400, "Invalid next token");
  if ((mark === "asc") !== (order === "asc")) {
    throw new ApiError(400, "Invalid next token: it belongs to another order");
  }
  return { startedAt, sandboxId };
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new ApiError(400, "invalid escape in query");
  }
}
