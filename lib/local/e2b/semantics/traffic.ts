/**
 * Owns what E2B's proxy decides before traffic reaches a sandbox, and the waking of one whose `autoResume` is on
 * (e2b.md §2.6 and §3.6; INFRA proxy_grpc.go, autoresume.go). It must never wake one for somebody without its token,
 * one that was paused without memory, or one that never asked for it. A machine that refuses to go on rejects.
 */
import type { Admission, Traffic } from "@/lib/local/e2b/semantics/admission";
import { type Connecting, MOST_CHANGES_AWAITED } from "@/lib/local/e2b/semantics/connecting";
import type { Fleet } from "@/lib/local/e2b/semantics/fleet";
import { type Plan, tooManySandboxes } from "@/lib/local/e2b/semantics/plan";
import type { SandboxLife } from "@/lib/local/e2b/semantics/sandbox-life";
import { isSecret } from "@/lib/local/loopback";

export interface TrafficOptions {
  readonly fleet: Fleet;
  readonly connecting: Connecting;
  readonly plan: Plan;
  trafficTokenOf(sandboxId: string): string;
}

type Step = Admission | { readonly kind: "look-again" };

export async function admitTraffic(
  sandboxId: string,
  traffic: Traffic,
  options: TrafficOptions,
): Promise<Admission> {
  for (let awaited = 0; awaited <= MOST_CHANGES_AWAITED; awaited += 1) {
    const life = options.fleet.look(sandboxId);
    if (!life) return { kind: "not-found" };
    const step = await stepFor(life, traffic, options);
    if (step.kind !== "look-again") return step;
  }
  return { kind: "changing" };
}

async function stepFor(life: SandboxLife, traffic: Traffic, options: TrafficOptions): Promise<Step> {
  const { phase, identity } = life;
  switch (phase.kind) {
    case "running":
      return isAllowed(life, traffic, options) ? { kind: "open" } : { kind: "forbidden" };
    case "killing":
      return { kind: "not-found" };
    case "snapshotting":
      // It has an address still, other than one being paused: E2B's proxy holds the request until it answers.
      await phase.done;
      return { kind: "look-again" };
    case "pausing":
    case "resuming":
      if (!identity.autoResume) return { kind: "not-found" };
      await phase.done;
      return { kind: "look-again" };
    case "paused":
      if (!identity.autoResume || phase.memory === "dropped") return { kind: "not-found" };
      if (traffic.kind === "envd" && !traffic.isAuthorized) return { kind: "forbidden" };
      if (!isAllowed(life, traffic, options)) return { kind: "forbidden" };
      return wake(life, options);
  }
}

async function wake(life: SandboxLife, { fleet, connecting, plan }: TrafficOptions): Promise<Step> {
  if (!fleet.hasRoom()) return { kind: "over-limit", error: tooManySandboxes(plan) };
  await connecting.resume(life, life.identity.autoResumeMs, "memory");
  return { kind: "look-again" };
}

/** envd asks for its own token, so only previews are held to the traffic token. */
function isAllowed({ identity }: SandboxLife, traffic: Traffic, { trafficTokenOf }: TrafficOptions): boolean {
  switch (traffic.kind) {
    case "envd":
      return true;
    case "preview":
      if (identity.allowPublicTraffic !== false) return true;
      return isSecret(traffic.accessToken, trafficTokenOf(identity.sandboxId));
  }
}
