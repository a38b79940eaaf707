/**
 * Owns the calls that look at sandboxes: get, list and metrics (e2b.md §2.5 and §3.3, SDK 2.51.0). It must never
 * change or wake one. A query that E2B would refuse is an `ApiError` 400.
 */
import { z } from "zod";
import type { ControlCall, ControlContext, ControlRoute } from "@/lib/local/e2b/control/control-call";
import { detailBody, listedBody } from "@/lib/local/e2b/control/sandbox-bodies";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { readMetadataFilter } from "@/lib/local/e2b/semantics/listing";
import { CPU_COUNT, DISK_SIZE_MB, MEMORY_MB } from "@/lib/local/e2b/semantics/machine-size";
import type { Reading } from "@/lib/local/e2b/semantics/metrics";
import { readTemplateName } from "@/lib/local/e2b/semantics/snapshot-name";
import { parseQuery, sendJson } from "@/lib/local/e2b/wire/answers";

export const watchingRoutes: readonly ControlRoute[] = [
  { kind: "list", method: "GET", path: /^\/v2\/sandboxes$/, answer: list },
  { kind: "metrics", method: "GET", path: /^\/sandboxes\/(?<sandbox>[^/]+)\/metrics$/, answer: metrics },
  // `/sandboxes/metrics` is a legacy call and no sandbox's name.
  { kind: "get", method: "GET", path: /^\/sandboxes\/(?!metrics$)(?<sandbox>[^/]+)$/, answer: get },
];

function get(call: ControlCall, context: ControlContext): void {
  sendJson(call.response, 200, detailBody(context.cloud.get(call.sandboxId), context));
}

const listShape = z.object({
  state: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(["running", "paused"])))
    .optional(),
  metadata: z.string().optional(),
  startedAfter: z.iso.datetime({ offset: true }).optional(),
  template: z.string().optional(),
  order: z.enum(["asc", "desc"]).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
});

function list(call: ControlCall, { cloud }: ControlContext): void {
  const { state, metadata, startedAfter, template, ...paging } = parseQuery(call.url, listShape);
  const states = new Set(state ?? ["running" as const, "paused" as const]);
  const page = cloud.list({
    ...paging,
    states,
    metadata: metadata ? readMetadataFilter(metadata) : undefined,
    startedAfter: startedAfter === undefined ? undefined : Date.parse(startedAfter),
    templateId: template === undefined ? undefined : readTemplateFilter(template),
  });
  sendJson(call.response, 200, page.items.map(listedBody), {
    // Only where running ones were asked for (INFRA sandboxes_list.go).
    ...(states.has("running") ? { "x-total-running": String(page.totalRunning) } : {}),
    ...(page.nextToken === undefined ? {} : { "x-next-token": page.nextToken }),
  });
}

function readTemplateFilter(text: string): string {
  const { alias, tag } = readTemplateName(text, "Invalid template");
  if (tag === undefined) return alias;
  const why = "tags are not supported here because sandboxes are not tag-scoped";
  throw new ApiError(400, `Invalid template: ${why}`);
}

const metricsShape = z.object({
  start: z.coerce.number().int().optional(),
  end: z.coerce.number().int().optional(),
});

async function metrics(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { start, end } = parseQuery(call.url, metricsShape);
  const readings = await cloud.metricsOf(call.sandboxId, {
    from: start === undefined ? undefined : start * 1000,
    until: end === undefined ? undefined : end * 1000,
  });
  sendJson(call.response, 200, readings.map(metricBody));
}

/** The totals are those of E2B's default size: this machine's would say nothing of a sandbox's. */
function metricBody({ at, cpuUsedPct, memUsedBytes, diskUsedBytes }: Reading) {
  return {
    timestamp: new Date(at).toISOString(),
    timestampUnix: Math.floor(at / 1000),
    cpuCount: CPU_COUNT,
    cpuUsedPct,
    memUsed: memUsedBytes,
    memTotal: MEMORY_MB * 1024 ** 2,
    // What the system caches is not counted by process.
    memCache: 0,
    diskUsed: diskUsedBytes,
    diskTotal: DISK_SIZE_MB * 1024 ** 2,
  };
}
