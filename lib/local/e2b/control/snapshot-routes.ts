/**
 * Owns the calls about snapshots (e2b.md §3.3 and §5.2, SDK 2.51.0). It must never hold a rule of its own. Fails with
 * `ApiError`s.
 */
import { z } from "zod";
import type { ControlCall, ControlContext, ControlRoute } from "@/lib/local/e2b/control/control-call";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { type Snapshot, snapshotIdOf } from "@/lib/local/e2b/semantics/snapshots";
import { parseQuery, readJson, sendJson, sendNothing } from "@/lib/local/e2b/wire/answers";

export const snapshotRoutes: readonly ControlRoute[] = [
  { kind: "snapshot", method: "POST", path: /^\/sandboxes\/(?<sandbox>[^/]+)\/snapshots$/, answer: create },
  { kind: "list-snapshots", method: "GET", path: /^\/snapshots$/, answer: list },
  // The SDK deletes a snapshot as what it is to E2B, a template.
  { kind: "delete-snapshot", method: "DELETE", path: /^\/templates\/[^/]+$/, answer: remove },
];

const createShape = z.strictObject({ name: z.string().optional() });

async function create(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { name } = await readJson(call.request, createShape);
  sendJson(call.response, 201, snapshotBody(await cloud.createSnapshot(call.sandboxId, name)));
}

const listShape = z.object({
  sandboxID: z.string().optional(),
  name: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
});

function list(call: ControlCall, { cloud }: ControlContext): void {
  const { sandboxID, ...rest } = parseQuery(call.url, listShape);
  const page = cloud.listSnapshots({ ...rest, sandboxId: sandboxID?.split("-")[0] });
  const headers = page.nextToken === undefined ? {} : { "x-next-token": page.nextToken };
  sendJson(call.response, 200, page.items.map(snapshotBody), headers);
}

async function remove(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  await cloud.deleteSnapshot(lastPartOf(call.url));
  sendNothing(call.response);
}

/** `team%2Fname%3Atag` is one part. */
function lastPartOf(url: URL): string {
  try {
    return decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  } catch {
    throw new ApiError(400, "Invalid template ID: it is not URL-encoded");
  }
}

function snapshotBody(snapshot: Snapshot) {
  const snapshotID = snapshotIdOf(snapshot);
  // The full name without the tag, as E2B's first answer has it (INFRA snapshot_template_create.go).
  return { snapshotID, names: snapshot.alias === undefined ? [] : [snapshotID.split(":")[0]] };
}
