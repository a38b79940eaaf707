/**
 * Owns an event as the events API and the webhooks tell it: E2B's payload v2 (e2b.md §5.4; DOC lifecycle-events-api and
 * lifecycle-events-webhooks). Builds and teams do not exist here and are the nil UUID. Pure; cannot fail.
 */

import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import { CPU_COUNT, MEMORY_MB } from "@/lib/local/e2b/semantics/machine-size";
import type { Random } from "@/lib/random";

export const EVENT_TYPES = [
  "sandbox.lifecycle.created",
  "sandbox.lifecycle.updated",
  "sandbox.lifecycle.paused",
  "sandbox.lifecycle.resumed",
  "sandbox.lifecycle.killed",
  "sandbox.lifecycle.checkpointed",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export interface EventPayload {
  readonly version: "v2";
  readonly id: string;
  readonly type: EventType;
  readonly eventData: {
    readonly sandbox_metadata: Readonly<Record<string, string>>;
    /** Of a run that ended: DOC names paused and killed. */
    readonly execution?: {
      readonly started_at: string;
      readonly vcpu_count: number;
      readonly memory_mb: number;
      /** Milliseconds. */
      readonly execution_time: number;
    };
    /** The new end of the run, not a duration (DOC lifecycle-events-api). */
    readonly set_timeout?: string;
    readonly kill_reason?: string;
  };
  readonly sandboxId: string;
  readonly sandboxBuildId: string;
  readonly sandboxExecutionId: string;
  readonly sandboxTeamId: string;
  readonly sandboxTemplateId: string;
  readonly timestamp: string;
}

export const NIL_UUID = "00000000-0000-0000-0000-000000000000";

export function payloadOf(event: LifecycleEvent, id: string): EventPayload {
  const { change, sandbox, at } = event;
  return {
    version: "v2",
    id,
    type: `sandbox.lifecycle.${change.kind}`,
    eventData: { sandbox_metadata: sandbox.metadata, ...dataOf(event) },
    sandboxId: sandbox.sandboxId,
    sandboxBuildId: NIL_UUID,
    sandboxExecutionId: event.executionId,
    sandboxTeamId: NIL_UUID,
    sandboxTemplateId: sandbox.templateId,
    timestamp: new Date(at).toISOString(),
  };
}

function dataOf({
  change,
  sandbox,
  at,
}: LifecycleEvent): Omit<EventPayload["eventData"], "sandbox_metadata"> {
  switch (change.kind) {
    case "created":
    case "resumed":
    case "checkpointed":
      return {};
    case "updated":
      return change.setTimeoutSeconds === undefined
        ? {}
        : { set_timeout: new Date(sandbox.endAt).toISOString() };
    case "paused":
      return { execution: executionOf(sandbox, at) };
    case "killed":
      return { execution: executionOf(sandbox, at), kill_reason: change.killReason };
  }
}

/** A sandbox that is killed while it rests has run until its pause, which is its `endAt`. */
function executionOf(sandbox: LifecycleEvent["sandbox"], at: number) {
  return {
    started_at: new Date(sandbox.startedAt).toISOString(),
    vcpu_count: CPU_COUNT,
    memory_mb: MEMORY_MB,
    execution_time: Math.min(at, sandbox.endAt) - sandbox.startedAt,
  };
}

/** A version 4 UUID of the injected source, so that a seed gives the same ids. */
export function uuidFrom(random: Random): string {
  const hex = random.hex(16);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
