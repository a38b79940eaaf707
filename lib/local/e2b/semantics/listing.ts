/**
 * Owns how sandboxes are listed: the filters of `GET /v2/sandboxes` (e2b.md §2.5 and §3.3). It must never change a
 * sandbox. Pure; a query that E2B would refuse is an `ApiError` 400.
 */
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { type PageRequest, pageOf } from "@/lib/local/e2b/semantics/paging";

export interface Listable {
  readonly sandboxId: string;
  readonly templateId: string;
  readonly state: "running" | "paused";
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface ListQuery extends PageRequest {
  /** Both states when left out. */
  readonly states?: ReadonlySet<string> | undefined;
  /** Exact matches, all of them. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** At or after, milliseconds since the epoch: a sandbox's own start finds it (INFRA sandboxes_list.go). */
  readonly startedAfter?: number | undefined;
  readonly templateId?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextToken?: string;
  /** Running ones that match the filters, on all pages. */
  readonly totalRunning: number;
}

/** One page by start time, newest first unless told otherwise; equal times are ordered by id. */
export function listPage<T extends Listable>(all: readonly T[], query: ListQuery): Page<T> {
  const matching = all.filter((sandbox) => matches(sandbox, query));
  const totalRunning = matching.filter((sandbox) => sandbox.state === "running").length;
  const page = pageOf(matching, query, ({ startedAt, sandboxId }) => ({ at: startedAt, id: sandboxId }));
  return { ...page, totalRunning };
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
  if (query.startedAfter !== undefined && sandbox.startedAt < query.startedAfter) return false;
  return Object.entries(query.metadata ?? {}).every(([key, value]) => sandbox.metadata[key] === value);
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new ApiError(400, "invalid escape in query");
  }
}
