/**
 * Owns which functions exist now: per app the last accepted set, its cron timers, and which functions an operator
 * paused. An app's new set replaces its old one whole. It must never hold two functions of one id: the set that
 * brings the second is refused.
 */
import type { Cancel } from "@/lib/clock";
import type { RegisteredFunction } from "./registration";
import type { Transport } from "./transport";

export interface Placed {
  readonly fn: RegisteredFunction;
  readonly transport: Transport;
}

export interface Registry {
  /** Puts the app's functions in place of its former ones; the problems if another app has one of the ids. */
  replace(appUrl: string, transport: Transport, functions: readonly RegisteredFunction[]): readonly string[];
  find(functionId: string): Placed | null;
  all(): readonly Placed[];
  pause(functionId: string): void;
  resume(functionId: string): void;
  isPaused(functionId: string): boolean;
}

interface App {
  readonly placed: readonly Placed[];
  readonly crons: readonly Cancel[];
}

export function createRegistry(armCrons: (fn: RegisteredFunction) => readonly Cancel[]): Registry {
  const apps = new Map<string, App>();
  const paused = new Set<string>();
  const all = () => [...apps.values()].flatMap(({ placed }) => placed);
  return {
    replace(appUrl, transport, functions) {
      const others = [...apps].flatMap(([url, app]) =>
        url === appUrl ? [] : app.placed.map(({ fn }) => fn.id),
      );
      const taken = functions.filter(({ id }) => others.includes(id));
      if (taken.length > 0) return taken.map(({ id }) => `${id}: another app has registered this id`);
      for (const cancel of apps.get(appUrl)?.crons ?? []) cancel();
      const placed = functions.map((fn) => ({ fn, transport }));
      apps.set(appUrl, { placed, crons: functions.flatMap(armCrons) });
      return [];
    },
    find: (functionId) => all().find(({ fn }) => fn.id === functionId) ?? null,
    all,
    pause: (functionId) => {
      paused.add(functionId);
    },
    resume: (functionId) => {
      paused.delete(functionId);
    },
    isPaused: (functionId) => paused.has(functionId),
  };
}
