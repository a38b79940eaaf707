/**
 * Owns the listing of previews: one page of them, the last changed first, with what holds for all. It must never read
 * more than a page, and changes nothing. Fails closed: `InvalidRequestError` for a query that fits nothing, and the
 * store's errors.
 */
import { InvalidRequestError } from "@/lib/errors";
import { parseScope } from "@/lib/ids";
import { honestReason } from "@/lib/preview/titles";
import type { Runtime } from "@/lib/runtime";
import type { PageQuery, PreviewLine } from "@/lib/store/directory";
import type { Listing, ListQuery, PreviewSummary } from "./operator";

const LARGEST_PAGE = 100;
const USUAL_PAGE = 50;

export async function list(
  { directory, fleet }: Pick<Runtime, "directory" | "fleet">,
  query: ListQuery = {},
): Promise<Listing> {
  const [{ scopes, next }, state] = await Promise.all([directory.page(pageQuery(query)), fleet.state()]);
  const previews = (await directory.lines(scopes))
    .map(summaryOf)
    .filter((each) => query.state === undefined || each.state === query.state);
  return { previews, fleet: state, ...(next === undefined ? {} : { next }) };
}

function pageQuery({ userId, projectId, from, most = USUAL_PAGE }: ListQuery): PageQuery {
  if (!Number.isInteger(most) || most < 1 || most > LARGEST_PAGE) {
    throw new InvalidRequestError(`a page has 1 to ${LARGEST_PAGE} previews.`);
  }
  // What is left out is stood in for by a name that fits.
  const scope = parseScope(projectId ?? "any", userId ?? "any");
  return {
    most,
    ...(from === undefined ? {} : { from }),
    ...(userId === undefined ? {} : { userId: scope.userId }),
    ...(projectId === undefined ? {} : { projectId: scope.projectId }),
  };
}

function summaryOf(line: PreviewLine): PreviewSummary {
  const { scope, now, state, reason, changedAt, endsAt } = line;
  // As its page says it: past the end that the provider confirmed it is paused there, whatever the record says.
  const isOver = state === "running" && endsAt !== undefined && now >= endsAt;
  return {
    ...{ projectId: scope.projectId, userId: scope.userId, changedAt },
    state: isOver ? "paused" : state,
    reason: isOver ? "provider-paused" : honestReason({ state, reason }),
    ...(line.lastActiveAt === undefined ? {} : { lastActiveAt: line.lastActiveAt }),
    ...(line.sandboxId === undefined ? {} : { sandboxId: line.sandboxId }),
    viewers: line.viewers,
    holds: line.holds,
    ...(line.position === undefined ? {} : { position: line.position }),
  };
}
