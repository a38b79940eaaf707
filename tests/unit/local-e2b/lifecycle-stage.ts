/**
 * Owns a stage for lifecycle events: a clock, the events, and a receiver that writes down what it was sent. It must never
 * open a socket.
 */
import type { EventPayload } from "@/lib/local/e2b/events/event-payload";
import { LifecycleEvents } from "@/lib/local/e2b/events/lifecycle-events";
import type { DeliveryFault } from "@/lib/local/e2b/faults/fault-kinds";
import { FaultPlan } from "@/lib/local/e2b/faults/fault-plan";
import type { LifecycleChange } from "@/lib/local/e2b/semantics/lifecycle-event";
import type { SandboxView } from "@/lib/local/e2b/semantics/sandbox-view";
import { silentLog } from "@/lib/log";
import { seededRandom } from "@/lib/random";
import { fakeCloud } from "./fake-machines";

export interface Received {
  readonly at: number;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

type Answer = "taken" | "refused" | "unreachable";

export async function lifecycleStage() {
  const { clock, cloud } = fakeCloud();
  const sandbox = await cloud.create({ templateId: "base", metadata: { app: "demo" } });
  const received: Received[] = [];
  /** For the next attempts; when they are used up, each is taken. */
  const answers: Answer[] = [];
  const random = seededRandom(11);
  const faults = new FaultPlan<DeliveryFault>(seededRandom(12));
  const post = async (url: string, headers: Record<string, string>, body: string): Promise<boolean> => {
    received.push({ at: clock.now(), url, headers, body });
    const answer = answers.shift() ?? "taken";
    if (answer === "unreachable") throw new TypeError("fetch failed");
    return answer === "taken";
  };
  const events = new LifecycleEvents({ clock, random, log: silentLog, faults, post });
  const tell = (change: LifecycleChange, changes: Partial<SandboxView> = {}) =>
    events.tell({ at: clock.now(), change, sandbox: { ...sandbox, ...changes }, executionId: "run-1" });
  const eventOf = ({ body }: Received): EventPayload => JSON.parse(body);
  const all = { offset: 0, limit: 100, isAscending: true };
  return { clock, sandbox, events, faults, answers, received, tell, eventOf, all };
}

export const HOOK = {
  name: "mine",
  url: "http://127.0.0.1:9/hook",
  enabled: true,
  events: ["sandbox.lifecycle.paused" as const, "sandbox.lifecycle.resumed" as const],
  signatureSecret: "s3cret",
};
