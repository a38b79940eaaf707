/**
 * Owns how a sandbox looks in E2B's answers (e2b.md §3.3, SDK 2.51.0). It must never show a token in a list. Pure.
 */
import type { ControlContext } from "@/lib/local/e2b/control/control-call";
import { CPU_COUNT, DISK_SIZE_MB, MEMORY_MB } from "@/lib/local/e2b/semantics/machine-size";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";

/** The gates in the SDK go by it (e2b.md §3.3). */
const ENVD_VERSION = "0.6.13";

type Tokens = Pick<ControlContext, "domain" | "envdTokenOf" | "trafficTokenOf">;

/** What create and connect answer. */
export function sandboxBody(sandbox: SandboxView, { domain, envdTokenOf, trafficTokenOf }: Tokens) {
  const { sandboxId, allowPublicTraffic } = sandbox;
  return {
    ...namesOf(sandbox),
    envdVersion: ENVD_VERSION,
    envdAccessToken: envdTokenOf(sandboxId),
    trafficAccessToken: allowPublicTraffic === false ? trafficTokenOf(sandboxId) : null,
    domain,
  };
}

/** One of a list. */
export function listedBody(sandbox: SandboxView) {
  return {
    ...namesOf(sandbox),
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

/** What get answers. */
export function detailBody(sandbox: SandboxView, context: Tokens) {
  const { allowInternetAccess, allowPublicTraffic } = sandbox;
  return {
    ...listedBody(sandbox),
    envdAccessToken: context.envdTokenOf(sandbox.sandboxId),
    // A paused one has no traffic, and E2B then names no domain (e2b.md §2.5).
    domain: sandbox.state === "running" ? context.domain : null,
    lifecycle: { onTimeout: sandbox.onTimeout, autoResume: sandbox.autoResume },
    ...(allowInternetAccess === undefined ? {} : { allowInternetAccess }),
    ...(allowPublicTraffic === undefined ? {} : { network: { allowPublicTraffic } }),
  };
}

function namesOf({ templateId, sandboxId, alias }: SandboxView) {
  return {
    templateID: templateId,
    sandboxID: sandboxId,
    clientID: "local",
    ...(alias === undefined ? {} : { alias }),
  };
}
