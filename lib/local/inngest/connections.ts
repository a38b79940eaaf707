/**
 * Owns the connections to apps: the first sync, and looking again so that a restarted or changed app is noticed. It
 * must never hold up the engine: each look is on its own. Fails open: an app that is away is looked for again, and
 * only a change of outcome is logged.
 */
import { systemClock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Activity } from "./activity";
import type { Agenda } from "./agenda";
import type { AppConnection, SyncOutcome } from "./engine-port";
import type { Registry } from "./registry";
import type { SigningKeys } from "./signature";
import { signedTransport } from "./signed-transport";
import { createAppSync } from "./sync";

export interface ConnectionParts {
  readonly agenda: Agenda;
  readonly activity: Activity;
  readonly log: Log;
  readonly registry: Registry;
  /** Cloud mode, if there are keys. */
  readonly keys: SigningKeys | null;
}

export interface Connections {
  connect(connection: AppConnection): Promise<SyncOutcome>;
  syncAll(): Promise<readonly SyncOutcome[]>;
}

/** An app that has not answered yet is starting, so it is looked for more often. */
const LOOK_FOR_NEW_APP_MS = 1000;

export function createConnections(parts: ConnectionParts): Connections {
  const syncs: (() => Promise<SyncOutcome>)[] = [];

  const connect = async (connection: AppConnection): Promise<SyncOutcome> => {
    const { url, resyncEveryMs } = connection;
    const transport = parts.keys
      ? signedTransport(connection.transport, parts.keys, systemClock.now)
      : connection.transport;
    const app = createAppSync(url, transport, parts.keys ? "cloud" : "dev");
    let lastKind: string | null = null;
    const syncOnce = async () => {
      const outcome = await parts.activity.track((signal) =>
        app.run(signal, (functions) => parts.registry.replace(url, transport, functions)),
      );
      if (outcome.kind !== lastKind && !parts.activity.isAborted) logOutcome(parts.log, url, outcome);
      lastKind = outcome.kind === "registered" ? "unchanged" : outcome.kind;
      return outcome;
    };
    const again = (outcome: SyncOutcome) => {
      if (resyncEveryMs === null || parts.activity.isAborted) return;
      const delayMs =
        outcome.kind === "unreachable" ? Math.min(LOOK_FOR_NEW_APP_MS, resyncEveryMs) : resyncEveryMs;
      parts.agenda.after(delayMs, () => void syncOnce().then(again));
    };
    syncs.push(syncOnce);
    const first = await syncOnce();
    again(first);
    return first;
  };

  return {
    connect,
    async syncAll() {
      const outcomes: SyncOutcome[] = [];
      for (const sync of syncs) outcomes.push(await sync());
      return outcomes;
    },
  };
}

function logOutcome(log: Log, url: string, outcome: SyncOutcome): void {
  switch (outcome.kind) {
    case "registered":
      log.info({ url, functions: outcome.functionIds.length }, "An app registered its functions");
      break;
    case "unchanged":
      log.info({ url }, "An app answers with the functions that it had");
      break;
    case "refused":
      log.error(
        { url, reason: outcome.message, problems: outcome.problems },
        "An app's functions were refused; none was registered",
      );
      break;
    case "unreachable":
      log.warn({ url, reason: outcome.reason }, "An app did not answer the sync; it will be asked again");
  }
}
