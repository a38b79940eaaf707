/**
 * Owns what the buttons under a local preview do: make its sandbox fail, by the control address that the environment
 * names, or let the sample agent work in it. It must never be there without that address, nor change what Rekindle
 * knows: afterwards Rekindle is told to look, as E2B's webhook would, and finds out by itself.
 * Fails closed: catalogue errors in words for a person.
 */
import type { Rekindle, Whose } from "@/lib";
import { systemClock } from "@/lib/clock";
import {
  InvalidRequestError,
  ProviderRefusedError,
  ProviderUnreachableError,
  SandboxGoneError,
} from "@/lib/errors";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";
import { logFailure } from "@/lib/routes/handlers";
import { agentProjectId, type LocalToolName } from "./local-tool-names";
import { counterEdits } from "./sample-agent/counter-edits";
import { sampleAgent } from "./sample-agent/sample-agent";

export interface LocalTools {
  /**
   * Resolves when it has happened; the agent has then only begun, and goes on after the answer.
   * @throws InvalidRequestError when the preview has nothing that the tool could act on; SandboxGoneError,
   * ProviderRefusedError, ProviderUnreachableError.
   */
  use(tool: LocalToolName, whose: Whose): Promise<void>;
}

export interface LocalToolsParts {
  readonly controlUrl: string;
  /** The key of the E2B that the address belongs to. */
  readonly apiKey: string;
  readonly rekindle: Pick<Rekindle, "status" | "withSandbox">;
  /** Has Rekindle look at the preview soon. */
  lookAgain(whose: Whose): Promise<unknown>;
  readonly log: Log;
  readonly random: Random;
}

const JUMP_MS = 55 * 60_000;
const CONTROL_DEADLINE_MS = 10_000;

/** Seven edits, so about half a minute. */
const EDIT_EVERY_MS = 5_000;
/** More than its work takes, a cold boot before it included. */
const AGENT_HOLD_MS = 5 * 60_000;

export function localTools(parts: LocalToolsParts): LocalTools {
  const { rekindle, log, random } = parts;

  async function befall(tool: Exclude<LocalToolName, "agent">, whose: Whose, body: object = {}) {
    const { sandboxId } = await rekindle.status(whose);
    if (sandboxId === undefined) throw new InvalidRequestError("the preview has no sandbox. Open it first.");
    await control(parts, sandboxId, tool, body);
    // Accepted loss: without this the next sign of life or the sweep finds out.
    await parts.lookAgain(whose).catch((error: unknown) => logFailure(log, error, { tool }));
  }

  function beginAgent(whose: Whose): void {
    if (whose.projectId !== agentProjectId) {
      throw new InvalidRequestError(`the sample agent only knows the page of "${agentProjectId}".`);
    }
    const hold = { key: `sample-agent-${random.hex(6)}`, maxMs: AGENT_HOLD_MS };
    const work = sampleAgent({ clock: systemClock, edits: counterEdits, editEveryMs: EDIT_EVERY_MS });
    // Nobody waits for it, so the log is where a failure is told.
    rekindle
      .withSandbox(whose, hold, work)
      .catch((error: unknown) => logFailure(log, error, { tool: "agent" }));
  }

  return {
    async use(tool, whose) {
      switch (tool) {
        case "kill":
        case "lose-memory":
          return befall(tool, whose);
        case "age-run":
          return befall(tool, whose, { ms: JUMP_MS });
        case "agent":
          return beginAgent(whose);
      }
    },
  };
}

async function control(
  { controlUrl, apiKey }: LocalToolsParts,
  sandboxId: string,
  tool: string,
  body: object,
): Promise<void> {
  const status = await fetch(new URL(`/local/sandboxes/${sandboxId}/${tool}`, controlUrl), {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CONTROL_DEADLINE_MS),
  }).then(
    (answer) => answer.status,
    (error: unknown) => {
      throw new ProviderUnreachableError(tool, error);
    },
  );
  if (status === 404) throw new SandboxGoneError(sandboxId);
  if (status === 409) throw new InvalidRequestError("its sandbox does not run right now. Open it first.");
  if (status >= 300) throw new ProviderRefusedError(tool, status);
}
