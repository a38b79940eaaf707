/**
 * Owns the calls that make, change, show and end sandboxes: E2B's REST in, the cloud's semantics, E2B's JSON out
 * (e2b.md §3.3, SDK 2.51.0). It must never hold a rule of its own. Fails with `ApiError`s.
 */
import { z } from "zod";
import type { ControlCall, ControlContext, ControlRoute } from "@/lib/local/e2b/control/control-call";
import {
  createShape,
  networkUpdateShape,
  readCreate,
  refuseEgress,
} from "@/lib/local/e2b/control/create-request";
import { sandboxBody } from "@/lib/local/e2b/control/sandbox-bodies";
import { readJson, sendJson, sendNothing } from "@/lib/local/e2b/wire/answers";

export const sandboxRoutes: readonly ControlRoute[] = [
  { kind: "create", method: "POST", path: /^\/v2\/sandboxes$/, answer: create },
  { kind: "connect", method: "POST", path: /^\/v2\/sandboxes\/(?<sandbox>[^/]+)\/connect$/, answer: connect },
  { kind: "pause", method: "POST", path: /^\/sandboxes\/(?<sandbox>[^/]+)\/pause$/, answer: pause },
  { kind: "timeout", method: "POST", path: /^\/sandboxes\/(?<sandbox>[^/]+)\/timeout$/, answer: setTimeout },
  { kind: "refresh", method: "POST", path: /^\/sandboxes\/(?<sandbox>[^/]+)\/refreshes$/, answer: refresh },
  {
    kind: "network",
    method: "PUT",
    path: /^\/sandboxes\/(?<sandbox>[^/]+)\/network$/,
    answer: updateNetwork,
  },
  { kind: "kill", method: "DELETE", path: /^\/sandboxes\/(?<sandbox>[^/]+)$/, answer: kill },
];

async function create(call: ControlCall, context: ControlContext): Promise<void> {
  const asked = await readJson(call.request, createShape);
  const sandbox = await context.cloud.create(readCreate(asked));
  sendJson(call.response, 201, sandboxBody(sandbox, context));
}

const connectShape = z.strictObject({ timeout: z.int().optional(), memory: z.boolean().optional() });

async function connect(call: ControlCall, context: ControlContext): Promise<void> {
  const { timeout, memory } = await readJson(call.request, connectShape);
  const boot = memory === false ? "cold" : "memory";
  const { resumed, sandbox } = await context.cloud.connect(call.sandboxId, timeout, boot);
  sendJson(call.response, resumed ? 201 : 200, sandboxBody(sandbox, context));
}

const pauseShape = z.strictObject({ memory: z.boolean().optional() });

async function pause(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { memory } = await readJson(call.request, pauseShape);
  await cloud.pause(call.sandboxId, memory === false ? "dropped" : "kept");
  sendNothing(call.response);
}

const timeoutShape = z.strictObject({ timeout: z.int() });

async function setTimeout(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { timeout } = await readJson(call.request, timeoutShape);
  cloud.setTimeout(call.sandboxId, timeout);
  sendNothing(call.response);
}

const refreshShape = z.strictObject({ duration: z.int().optional() });

async function refresh(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const { duration } = await readJson(call.request, refreshShape);
  cloud.refresh(call.sandboxId, duration);
  sendNothing(call.response);
}

/** Replaces what was: what is left out is cleared, and nothing was kept that could be. */
async function updateNetwork(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  const asked = await readJson(call.request, networkUpdateShape);
  refuseEgress(asked);
  cloud.updateNetwork(call.sandboxId, asked.allow_internet_access);
  sendNothing(call.response);
}

async function kill(call: ControlCall, { cloud }: ControlContext): Promise<void> {
  await cloud.kill(call.sandboxId);
  sendNothing(call.response);
}
