/**
 * Owns the control plane's wire: E2B's REST calls in, the cloud's semantics, E2B's JSON out (e2b.md §3.3, SDK 2.51.0).
 * It must never accept a field whose meaning the stand-in does not keep: such a call answers 501. Fails with
 * `ApiError`s.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { readJson, sendJson, sendNothing } from "@/lib/local/e2b/answers";
import { ApiError, notOffered } from "@/lib/local/e2b/api-error";
import type { E2bCloud } from "@/lib/local/e2b/cloud";
import { readMetadataFilter } from "@/lib/local/e2b/listing";
import { CPU_COUNT, DISK_SIZE_MB, MEMORY_MB } from "@/lib/local/e2b/machine-size";
import type { SandboxView } from "@/lib/local/e2b/sandbox-life";

export interface ControlCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** From the path; empty for calls that name none. */
  readonly sandboxId: string;
}

export interface ControlContext {
  readonly cloud: E2bCloud;
  /** What the SDK's `getHost` appends to `<port>-<id>.`. */
  readonly domain: string;
  /** The token that a sandbox's envd asks for. */
  envdTokenOf(sandboxId: string): string;
}

interface ControlRoute {
  readonly kind: string;
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (call: ControlCall, context: ControlContext) => Promise<void> | void;
}

/** The gates in the SDK go by it (e2b.md §3.3). */
const ENVD_VERSION = "0.6.13";

const ROUTES: readonly ControlRoute[] = [
  { kind: "create", method: "POST", path: /^\/v2\/sandboxes$/, answer: create },
  { kind: "connect", method: "POST", path: /^\/v2\/sandboxes\/([^/]+)\/connect$/, answer: connect },
  { kind: "list", method: "GET", path: /^\/v2\/sandboxes$/, answer: list },
  { kind: "pause", method: "POST", path: /^\/sandboxes\/([^/]+)\/pause$/, answer: pause },
  { kind: "timeout", method: "POST", path: /^\/sandboxes\/([^/]+)\/timeout$/, answer: setTimeout },
  { kind: "kill", method: "DELETE", path: /^\/sandboxes\/([^/]+)$/, answer: kill },
  { kind: "get", method: "GET", path: /^\/sandboxes\/([^/]+)$/, answer: get },
];

/** The call that a request is, with its kind for counting; undefined for what is not offered. */
export function findControlRoute(
  method: string,
  path: string,
): { kind: string; sandboxId: string; answer: ControlRoute["answer"] } | undefined {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    // E2B tolerates an id with the client's id behind it.
    if (match) return { ...route, sandboxId: (match[1] ?? "").split("-")[0] ?? "" };
  }
  return undefined;
}

const createShape = z.object({
  templateID: z.string(),
  timeout: z.int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  envVars: z.record(z.string(), z.string()).optional(),
  autoPause: z.boolean().optional(),
  autoPauseMemory: z.boolean().optional(),
  autoResume: z.object({ enabled: z.boolean() }).optional(),
  allow_internet_access: z.boolean().optional(),
  network: z.looseObject({ allowPublicTraffic: z.boolean().optional() }).optional(),
  volumeMounts: z.array(z.unknown()).optional(),
  mcp: z.unknown().optional(),
  iam: z.unknown().optional(),
  secure: z.boolean().optional(),
});

async function create(call: ControlCall, context: ControlContext): Promise<void> {
  const asked = await readJson(call.request, createShape);
  refuseWhatIsNotKept(asked);
  const sandbox = await context.cloud.create({
    templateId: asked.templateID,
    timeoutSeconds: asked.timeout,
    metadata: asked.metadata,
    envs: asked.envVars,
    onTimeout: asked.autoPause ? "pause" : "kill",
  });
  sendJson(call.response, 201, sandboxBody(sandbox, context));
}

/** A field that changes nothing here would be a promise that is not kept. */
function refuseWhatIsNotKept(asked: z.infer<typeof createShape>): void {
  const { allowPublicTraffic, ...otherNetwork } = asked.network ?? {};
  const notKept = {
    "autoResume.enabled": asked.autoResume?.enabled === true,
    "autoPauseMemory: false": asked.autoPauseMemory === false,
    "allow_internet_access: false": asked.allow_internet_access === false,
    "network.allowPublicTraffic: false": allowPublicTraffic === false,
    "network rules": Object.keys(otherNetwork).length > 0,
    volumeMounts: (asked.volumeMounts?.length ?? 0) > 0,
    mcp: asked.mcp !== undefined,
    iam: asked.iam !== undefined,
  };
  const first = Object.entries(notKept).find(([, isAsked]) => isAsked);
  if (first) throw notOffered(`${first[0]} (POST /v2/sandboxes)`);
}

const connectShape = z.object({ timeout: z.int().optional(), memory: z.boolean().optional() });

async function connect(call: ControlCall, context: ControlContext): Promise<void> {
  const { timeout, memory } = await readJson(call.request, connectShape);
  if (memory === false) throw notOffered("memory: false (POST /v2/sandboxes/{id}/connect)");
  const { resumed, sandbox } = await context.cloud.connect(call.sandboxId, timeout);
  sendJson(call.response, resumed ? 201 : 200, sandboxBody(sandbox, context));
}

const pauseShape = z.object({ memory: z.boolean().optional() });

async function pause(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { memory } = await readJson(call.request, pauseShape);
  if (memory === false) {
    cloud.get(call.sandboxId);
    throw notOffered("memory: false (POST /sandboxes/{id}/pause)");
  }
  await cloud.pause(call.sandboxId);
  sendNothing(call.response);
}

const timeoutShape = z.object({ timeout: z.int() });

async function setTimeout(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { timeout } = await readJson(call.request, timeoutShape);
  cloud.setTimeout(call.sandboxId, timeout);
  sendNothing(call.response);
}

async function kill(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  await cloud.kill(call.sandboxId);
  sendNothing(call.response);
}

function get(call: ControlCall, context: ControlContext): void {
  const sandbox = context.cloud.get(call.sandboxId);
  sendJson(call.response, 200, {
    ...listedBody(sandbox),
    ...sandboxBody(sandbox, context),
    // A paused one has no traffic, and E2B then names no domain (e2b.md §2.5).
    domain: sandbox.state === "running" ? context.domain : null,
    lifecycle: { onTimeout: sandbox.onTimeout, autoResume: false },
  });
}

const listShape = z.object({
  state: z.string().optional(),
  metadata: z.string().optional(),
  startedAfter: z.iso.datetime({ offset: true }).optional(),
  template: z.string().optional(),
  order: z.enum(["asc", "desc"]).optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
});

function list(call: ControlCall, { cloud }: ControlContext): void {
  const parsed = listShape.safeParse(Object.fromEntries(call.url.searchParams));
  if (!parsed.success) throw new ApiError(400, `Invalid query: ${parsed.error.issues[0]?.message ?? ""}`);
  const { state, metadata, startedAfter, template, ...paging } = parsed.data;
  const page = cloud.list({
    ...paging,
    states: state === undefined ? undefined : new Set(state.split(",")),
    metadata: metadata ? readMetadataFilter(metadata) : undefined,
    startedAfter: startedAfter === undefined ? undefined : Date.parse(startedAfter),
    templateId: template,
  });
  sendJson(call.response, 200, page.items.map(listedBody), {
    "x-total-running": String(page.totalRunning),
    ...(page.nextToken === undefined ? {} : { "x-next-token": page.nextToken }),
  });
}

function sandboxBody(sandbox: SandboxView, { domain, envdTokenOf }: ControlContext) {
  return {
    templateID: sandbox.templateId,
    sandboxID: sandbox.sandboxId,
    clientID: "local",
    alias: sandbox.templateId,
    envdVersion: ENVD_VERSION,
    envdAccessToken: envdTokenOf(sandbox.sandboxId),
    trafficAccessToken: null,
    domain,
  };
}

function listedBody(sandbox: SandboxView) {
  return {
    templateID: sandbox.templateId,
    sandboxID: sandbox.sandboxId,
    clientID: "local",
    alias: sandbox.templateId,
    startedAt: new Date(sandbox.startedAt).toISOString(),
    endAt: new Date(sandbox.endAt).toISOString(),
    state: sandbox.state,
    cpuCount: CPU_COUNT,
    memoryMB: MEMORY_MB,
    diskSizeMB: DISK_SIZE_MB,
    metadata: sandbox.metadata,
    envdVersion: ENVD_VERSION,
    volumeMounts: [],
  };
}
