/**
 * Owns the ports of one worker: the shipping stores over the one Redis, the provider's calls, the product's files and the
 * look at a dev server, each call made through `Calls` so that anything may befall it. It must never hold state.
 */

import type { ProbeResult } from "@/lib/boot/probe";
import {
  ProviderBusyError,
  ProviderRateError,
  ProviderUnreachableError,
  StoreUnreachableError,
} from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Redis } from "@/lib/redis";
import type { FoundSandbox, Sandboxes } from "@/lib/sandbox/port";
import type { ProjectFiles } from "@/lib/workspace/files";
import type { Calls } from "../kernel/calls";
import type { Dice } from "../kernel/dice";
import { sandboxCalls } from "../kernel/sites";
import type { Worker } from "../kernel/worker";

export interface Outside {
  readonly calls: Calls;
  readonly dice: Dice;
  readonly redis: Redis;
  readonly sandboxes: Sandboxes;
  readonly files: ProjectFiles;
  readonly probe: (sandboxId: SandboxId) => Promise<ProbeResult>;
  /** What a list leaves out or still shows; the list itself when nothing is stale. */
  readonly stale: <T extends { readonly sandboxId: string }>(list: readonly T[]) => readonly T[];
}

export function redisOf({ calls, dice, redis }: Outside, worker: Worker): Redis {
  return {
    runScript: (script, keys, args) =>
      calls.make(worker, {
        service: "redis",
        site: `redis.${script.name}`,
        about: args.slice(1, 6).join(" "),
        latencyMs: dice.between(1, 12),
        apply: () => redis.runScript(script, keys, args),
        unanswered: () => refuse(new StoreUnreachableError(script.name)),
        malformed: () =>
          refuse(new StoreUnreachableError(script.name, new Error("the answer was not a reply"))),
      }),
  };
}

/** About what E2B takes, in milliseconds (its docs and observations of 2026). */
const latencies: Readonly<Record<string, number>> = {
  create: 600,
  connect: 500,
  reboot: 3_000,
  pause: 300,
  run: 150,
  writeFiles: 200,
  readFiles: 120,
};

export function sandboxesOf(outside: Outside, worker: Worker): Sandboxes {
  const { calls, dice, sandboxes, stale } = outside;
  const make = <T>(method: string, args: readonly unknown[], apply: () => Promise<T>): Promise<T> =>
    calls.make(worker, {
      service: "sandboxes",
      site: `sandboxes.${method}`,
      about: typeof args[0] === "string" ? args[0] : "",
      latencyMs: dice.between(0.5, 2) * (latencies[method] ?? 80),
      apply,
      unanswered: () => refuse(troubleOf(dice, method)),
      malformed: () => refuse(new ProviderUnreachableError(method, new Error("the answer was not JSON"))),
    });
  const through: Sandboxes = { ...sandboxes };
  for (const method of sandboxCalls) {
    const shipped: unknown = Reflect.get(sandboxes, method);
    if (typeof shipped !== "function") throw new Error(`the port has no ${method}`);
    Reflect.set(through, method, (...args: unknown[]) =>
      make(method, args, () => Promise.resolve(Reflect.apply(shipped, sandboxes, args))),
    );
  }
  const { find, listPage } = through;
  return {
    ...through,
    find: async (labels) => stale<FoundSandbox>(await find(labels)),
    async listPage(labels, from) {
      const page = await listPage(labels, from);
      return { ...page, sandboxes: stale(page.sandboxes) };
    },
  };
}

/** What the adapter makes of a connection that broke, a 5xx, a 429 by rate, and a node that is busy. */
function troubleOf(dice: Dice, method: string): Error {
  if (dice.happens(0.15)) return new ProviderRateError(method);
  if (dice.happens(0.1)) return new ProviderBusyError(method);
  return new ProviderUnreachableError(method);
}

export function filesOf({ calls, dice, files }: Outside, worker: Worker): ProjectFiles {
  const make = <T>(method: string, about: string, apply: () => Promise<T>): Promise<T> =>
    calls.make(worker, {
      service: "files",
      site: `files.${method}`,
      about,
      latencyMs: dice.between(5, 60),
      apply,
      unanswered: () => refuse(new Error("the product's database did not answer")),
      malformed: () => refuse(new Error("the product's database answered nonsense")),
    });
  const { save, forget } = files;
  return {
    revision: (projectId) => make("revision", projectId, () => files.revision(projectId)),
    load: (projectId, since) => make("load", projectId, () => files.load(projectId, since)),
    ...(save
      ? {
          save: (projectId, changes, base) =>
            make("save", `${projectId} on ${base}`, () => save.call(files, projectId, changes, base)),
        }
      : {}),
    ...(forget
      ? {
          forget: (projectId, userId) =>
            make("forget", projectId, () => forget.call(files, projectId, userId)),
        }
      : {}),
  };
}

export function probeOf({ calls, dice, probe }: Outside, worker: Worker) {
  return (sandboxId: SandboxId): Promise<ProbeResult> =>
    calls.make<ProbeResult>(worker, {
      service: "probe",
      site: "probe",
      about: sandboxId,
      latencyMs: dice.between(10, 200),
      apply: () => probe(sandboxId),
      unanswered: () => ({ kind: "unreachable" }),
      malformed: () => ({ kind: "unreachable" }),
    });
}

const refuse = (error: Error): Promise<never> => Promise.reject(error);
