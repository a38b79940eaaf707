/**
 * Owns E2B's keyset pages: by time, newest first unless told otherwise, and the token that says where the next page
 * begins (e2b.md §2.5 and §3.3; INFRA utils/pagination.go). It must never show an entry twice when others come or go
 * between two pages. Pure; a token that is not one of ours, or of another order, is an `ApiError` 400.
 */
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export type Order = "asc" | "desc";

export interface PageRequest {
  readonly order?: Order | undefined;
  readonly limit?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface Position {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Orders what has the same time. */
  readonly id: string;
}

export const MOST_PER_PAGE = 100;

/** `nextToken` is absent on the last page. */
export function pageOf<T>(
  all: readonly T[],
  request: PageRequest,
  positionOf: (entry: T) => Position,
): { items: readonly T[]; nextToken?: string } {
  const order = request.order ?? "desc";
  const after = request.nextToken === undefined ? undefined : readToken(request.nextToken, order);
  const sorted = [...all].sort((a, b) => compare(positionOf(a), positionOf(b), order));
  const rest = after ? sorted.filter((entry) => compare(positionOf(entry), after, order) > 0) : sorted;
  const items = rest.slice(0, Math.min(request.limit ?? MOST_PER_PAGE, MOST_PER_PAGE));
  const last = items.at(-1);
  if (!last || rest.length === items.length) return { items };
  return { items, nextToken: writeToken(positionOf(last), order) };
}

/** Descending is by time down and then by id up; ascending is its exact reverse. */
function compare(a: Position, b: Position, order: Order): number {
  const descending = b.at - a.at || (a.id < b.id ? -1 : Number(a.id > b.id));
  return order === "desc" ? descending : -descending;
}

function writeToken({ at, id }: Position, order: Order): string {
  const mark = order === "asc" ? "__asc" : "";
  return Buffer.from(`${new Date(at).toISOString()}__${id}${mark}`).toString("base64url");
}

function readToken(token: string, order: Order): Position {
  const [time, id, mark] = Buffer.from(token, "base64url").toString().split("__");
  const at = Date.parse(time ?? "");
  if (Number.isNaN(at) || !id) throw new ApiError(400, "Invalid next token");
  if ((mark === "asc") !== (order === "asc")) {
    throw new ApiError(400, "Invalid next token: it belongs to another order");
  }
  return { at, id };
}
