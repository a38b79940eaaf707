/**
 * Owns what both targets have in common: the app of a scenario, and how its script is carried out. A target is told a
 * scenario and gives back the trace; it must never look at what is expected.
 */
import { Inngest } from "inngest";
import { serve } from "inngest/edge";
import type { ServeHandler } from "@/lib/local/inngest/transport";
import { createRecording } from "./recording";
import type { Scenario, Trace, World } from "./scenario";

export type Target = (scenario: Scenario) => Promise<Trace>;

export interface Host extends World {
  readonly now: () => number;
  /** Lets the target's time pass. */
  readonly wait: (seconds: number) => Promise<void>;
}

export interface AppOptions {
  readonly baseUrl: string;
  readonly fetch?: typeof globalThis.fetch;
}

/** The scenario as an app that records itself. One step, one request, as this project's own client has it. */
export function createApp(scenario: Scenario, host: Host, options: AppOptions) {
  const recording = createRecording(scenario.id);
  const quiet = { info: ignore, warn: ignore, error: ignore, debug: ignore };
  const client = new Inngest({
    id: scenario.id,
    isDev: true,
    checkpointing: false,
    logger: quiet,
    ...options,
  });
  const functions = [...scenario.functions(client, host), recording.observer(client)];
  const handler: ServeHandler = recording.handler(serve({ client, functions }));
  return {
    handler,
    async play(): Promise<void> {
      for (const act of scenario.script) {
        if (act.kind === "wait") await host.wait(act.seconds);
        else await client.send([...act.events(host.now())]);
      }
    },
    trace: (): Trace => recording.trace(scenario.order),
  };
}

const ignore = () => undefined;
