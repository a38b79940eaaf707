/**
 * Owns which calls the control plane answers, by method and path (e2b.md §3.3, SDK 2.51.0). It must never guess: what
 * is not here answers 501, the legacy calls of older SDKs among them. An id that no sandbox can have is 400.
 */

import type { ControlRoute } from "@/lib/local/e2b/control/control-call";
import { sandboxRoutes } from "@/lib/local/e2b/control/sandbox-routes";
import { snapshotRoutes } from "@/lib/local/e2b/control/snapshot-routes";
import { watchingRoutes } from "@/lib/local/e2b/control/watching-routes";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export type { ControlContext } from "@/lib/local/e2b/control/control-call";

const ROUTES: readonly ControlRoute[] = [...sandboxRoutes, ...snapshotRoutes, ...watchingRoutes];

/** The call that a request is, with its kind for counting; undefined for what is not offered. */
export function findControlRoute(
  method: string,
  path: string,
): { kind: string; sandboxId: string; answer: ControlRoute["answer"] } | undefined {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (!match) continue;
    const named = match.groups?.sandbox;
    if (named === undefined) return { ...route, sandboxId: "" };
    // E2B tolerates an id with the client's id behind it.
    const sandboxId = /^([a-z0-9]+)(?:-[^-]*)?$/.exec(named)?.[1];
    if (sandboxId === undefined) return { ...route, sandboxId: "", answer: refuseId };
    return { ...route, sandboxId };
  }
  return undefined;
}

function refuseId(): void {
  throw new ApiError(400, "Invalid sandbox ID");
}
