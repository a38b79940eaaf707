/**
 * Owns what is told: one warning for each deadline, however often the watch over it runs, and a history that has every move
 * that a record made. Where acknowledged writes were lost, or a preview was forgotten, its history is not asked for.
 */
import type { Scope } from "@/lib/ids";
import { keysOf } from "@/lib/store/keys";
import { environment, type World } from "../world/world";
import { nameOf, type Rule, type Watch } from "./watch";

export interface Told {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `told`: every event that was taken, those with an id of before left out. */
export function oneWarningEach(watch: Watch, told: () => readonly Told[]): Rule {
  return {
    name: "warning",
    async healed() {
      const seen = new Set<string>();
      for (const { name, data } of told()) {
        if (name !== "preview/expiring") continue;
        const deadline = `${data.projectId}/${data.userId} ${data.kind} ${data.deadline}`;
        if (seen.has(deadline)) watch.report("warning", `${deadline} was announced twice`);
        seen.add(deadline);
      }
    },
  };
}

export function historyIsWhole(world: World, watch: Watch): Rule {
  const moves = new Map<string, string[]>();
  /** Whose history broke off by a person's word, or with the writes that were lost. */
  const broken = new Set<string>();
  return {
    name: "history",
    seen({ scope, before, after }) {
      const name = nameOf(scope);
      if (before.state !== undefined && after.state === undefined) broken.add(name);
      const [from, to] = [before.state ?? "absent", after.state ?? "absent"];
      if (from !== to) moves.set(name, [...(moves.get(name) ?? []), `${from}>${to}`]);
    },
    async healed() {
      if (world.losses.count > 0) return;
      for (const scope of watch.scopes) {
        const made = moves.get(nameOf(scope)) ?? [];
        if (broken.has(nameOf(scope))) continue;
        const told = await movesTold(world, scope);
        if (told.join(" ") !== made.join(" "))
          watch.report(
            "history",
            `${nameOf(scope)} moved ${made.join(" ")}, and its history tells ${told.join(" ")}`,
          );
      }
    },
  };
}

async function movesTold(world: World, scope: Scope): Promise<string[]> {
  const historyKey = keysOf(environment, scope).all[7];
  const entries = await world.redis.command("XRANGE", historyKey, "-", "+");
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    const [, fields] = Array.isArray(entry) ? entry : [];
    const [, kind, , lines] = Array.isArray(fields) ? fields.map(String) : [];
    if (kind !== "moved") return [];
    const [, from, , to] = String(lines).split("\n");
    return [`${from}>${to}`];
  });
}
