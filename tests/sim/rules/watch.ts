/**
 * Owns what the rules see: after everything that took effect, each preview's record and holds as they stand in Redis, and
 * what the provider really runs, from which moves and violations are told. It looks past every port, so that no fault can
 * hide anything from it, and must never change what it looks at.
 */
import type { Scope } from "@/lib/ids";
import type { LifecycleEvent } from "@/lib/local/e2b/semantics/lifecycle-event";
import { keysOf } from "@/lib/store/keys";
import { environment, type World } from "../world/world";

/** As it stands in Redis, unparsed: a rule must see what the code would refuse to read. */
export type RawRecord = Readonly<Record<string, string>>;

export interface Seen {
  readonly scope: Scope;
  readonly before: RawRecord;
  readonly after: RawRecord;
  /** The call after which it was seen. */
  readonly site: string;
}

export interface Rule {
  readonly name: string;
  /** A record changed. */
  seen?(seen: Seen): void;
  /** A sandbox's life changed; records are as before it. */
  changed?(event: LifecycleEvent): void;
  /** Once for each moment at which a record or a sandbox changed. */
  moment?(): Promise<void> | void;
  /** The disturbances are over and two sweeps have passed. */
  healed?(): Promise<void>;
}

export interface Violation {
  readonly rule: string;
  readonly what: string;
  readonly at: number;
}

export interface Watch {
  readonly records: ReadonlyMap<string, RawRecord>;
  readonly violations: readonly Violation[];
  /** How often each move was made, as `from>to`, and each reason written. */
  readonly moves: Map<string, number>;
  readonly reasons: Map<string, number>;
  report(rule: string, what: string): void;
  readonly scopes: readonly Scope[];
  /** To be called whenever the world has settled. */
  look(): Promise<void>;
  healed(): Promise<void>;
}

export const nameOf = ({ projectId, userId }: Scope): string => `${projectId}/${userId}`;

export function watch(
  world: World,
  scopes: readonly Scope[],
  rulesOf: (watch: Watch) => readonly Rule[],
): Watch {
  const records = new Map<string, RawRecord>();
  const violations: Violation[] = [];
  const moves = new Map<string, number>();
  const reasons = new Map<string, number>();
  let site: string | undefined;
  /** Of the records that may have changed since they were last looked at. */
  const unseen = new Map<string, Scope>();
  const scopeOf = new Map(scopes.map((scope) => [keysOf(environment, scope).all[0], scope]));

  const report = (rule: string, what: string) => {
    world.trace.note(`VIOLATION ${rule}: ${what}`);
    violations.push({ rule, what, at: world.clock.now() });
  };

  const self: Watch = {
    records,
    violations,
    moves,
    reasons,
    scopes,
    report,

    async look() {
      if (site === undefined) return;
      const by = site;
      site = undefined;
      let isChanged = by === "cloud";
      const looked = [...unseen];
      unseen.clear();
      for (const [key, scope] of looked) isChanged = (await lookAt(key, scope, by)) || isChanged;
      if (isChanged) for (const rule of rules) await rule.moment?.();
    },

    async healed() {
      for (const rule of rules) await rule.healed?.();
    },
  };

  async function lookAt(recordKey: string, scope: Scope, by: string): Promise<boolean> {
    const name = nameOf(scope);
    const after = pairs(await world.redis.command("HGETALL", recordKey));
    const before = records.get(name) ?? {};
    if (isSame(before, after)) return false;
    records.set(name, after);
    countMove(before, after);
    world.trace.note(`record ${name} ${lineOf(before, after)}`);
    for (const rule of rules) rule.seen?.({ scope, before, after, site: by });
    return true;
  }

  function countMove(before: RawRecord, after: RawRecord): void {
    const [from, to] = [before.state ?? "absent", after.state ?? "absent"];
    if (from !== to) count(moves, `${from}>${to}`);
    for (const field of ["reason", "refusedBecause"] as const) {
      const reason = after[field];
      if (reason !== undefined && reason !== before[field]) count(reasons, reason);
    }
  }

  const rules = rulesOf(self);
  world.onKeysChanging((keys) => {
    for (const key of keys) {
      const scope = scopeOf.get(key);
      if (scope) unseen.set(key, scope);
    }
  });
  world.onApplied((called) => {
    if (called.startsWith("redis.")) site = called;
  });
  world.onChange((event) => {
    site ??= "cloud";
    for (const rule of rules) rule.changed?.(event);
  });
  return self;
}

function pairs(reply: unknown): RawRecord {
  if (!Array.isArray(reply)) return {};
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < reply.length; index += 2)
    record[String(reply[index])] = String(reply[index + 1]);
  return record;
}

function isSame(left: RawRecord, right: RawRecord): boolean {
  const names = Object.keys(right);
  return names.length === Object.keys(left).length && names.every((name) => left[name] === right[name]);
}

const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

const shown = ["reason", "sandboxId", "leaseKind", "leaseId", "wanted"];

const lineOf = (before: RawRecord, after: RawRecord): string =>
  [
    `${before.state ?? "absent"}>${after.state ?? "absent"}`,
    `e${after.epoch}`,
    ...shown.map((field) => after[field] ?? "-"),
  ].join(" ");
