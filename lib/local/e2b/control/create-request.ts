/**
 * Owns what a create may ask for on the wire, and what it becomes (e2b.md §1.2 and §3.3). It must never accept a field
 * whose meaning the stand-in does not keep, one that a later SDK sends included: such a call answers 501, but where E2B
 * itself would refuse, that refusal. Pure; fails with `ApiError`s.
 */
import { z } from "zod";
import type { CreateSandbox } from "@/lib/local/e2b/cloud";
import { ApiError, notOffered } from "@/lib/local/e2b/semantics/api-error";

const egressShape = {
  allowOut: z.array(z.string()).optional(),
  denyOut: z.array(z.string()).optional(),
  rules: z.record(z.string(), z.unknown()).optional(),
  egressProxy: z.unknown().optional(),
};

export const createShape = z.strictObject({
  templateID: z.string(),
  timeout: z.int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  envVars: z.record(z.string(), z.string()).optional(),
  autoPause: z.boolean().optional(),
  autoPauseMemory: z.boolean().optional(),
  autoResume: z.strictObject({ enabled: z.boolean() }).optional(),
  allow_internet_access: z.boolean().optional(),
  network: z
    .strictObject({
      ...egressShape,
      allowPublicTraffic: z.boolean().optional(),
      maskRequestHost: z.string().optional(),
      httpsPorts: z.array(z.int()).optional(),
    })
    .optional(),
  volumeMounts: z.array(z.unknown()).optional(),
  mcp: z.unknown().optional(),
  iam: z.strictObject({ tokens: z.record(z.string(), z.unknown()).optional() }).optional(),
  // Every sandbox is secured, whatever this says (e2b.md §1.1).
  secure: z.boolean().optional(),
});

export const networkUpdateShape = z.strictObject({
  ...egressShape,
  allow_internet_access: z.boolean().optional(),
});

export function readCreate(asked: z.infer<typeof createShape>): CreateSandbox {
  if (asked.volumeMounts?.length) throw new ApiError(400, "Volume mounts are not enabled.");
  refuseEgress({ ...asked.network, allow_internet_access: asked.allow_internet_access });
  refuseFirst({
    "network.maskRequestHost": asked.network?.maskRequestHost !== undefined,
    "network.httpsPorts": isFilled(asked.network?.httpsPorts),
    mcp: asked.mcp !== undefined,
    iam: isFilled(asked.iam?.tokens),
  });
  return {
    templateId: asked.templateID,
    timeoutSeconds: asked.timeout,
    metadata: asked.metadata,
    envs: asked.envVars,
    onTimeout: asked.autoPause ? "pause" : "kill",
    memoryOnTimeout: asked.autoPauseMemory === false ? "dropped" : "kept",
    autoResume: asked.autoResume?.enabled,
    allowPublicTraffic: asked.network?.allowPublicTraffic,
    allowInternetAccess: asked.allow_internet_access,
  };
}

/** Nothing here stands between a sandbox and the network. Empty lists ask for nothing and are kept as such. */
export function refuseEgress(asked: z.infer<typeof networkUpdateShape>): void {
  refuseFirst({
    "allow_internet_access: false": asked.allow_internet_access === false,
    "network.allowOut": isFilled(asked.allowOut),
    "network.denyOut": isFilled(asked.denyOut),
    "network.rules": isFilled(asked.rules),
    "network.egressProxy": asked.egressProxy !== undefined,
  });
}

function refuseFirst(notKept: Readonly<Record<string, boolean>>): void {
  const first = Object.entries(notKept).find(([, isAsked]) => isAsked);
  if (first) throw notOffered(first[0]);
}

function isFilled(asked: object | undefined): boolean {
  return asked !== undefined && Object.keys(asked).length > 0;
}
