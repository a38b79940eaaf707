/**
 * Owns the fleet's store over Redis: turns each method into one script call and each reply into types. It must never
 * decide anything. Fails closed: a reply that it does not know is an error.
 */
import { z } from "zod";
import { projectIdSchema, type Scope, type UserId, userIdSchema } from "@/lib/ids";
import type { Policy } from "@/lib/preview/policy";
import type { Redis } from "@/lib/redis";
import { type FleetStore, type Switched, switchNameSchema } from "./fleet";
import { fleetKeys, userKey, userPreviewsKey } from "./keys";
import { parseMember } from "./member";
import { fleetStateScript, recordCountScript, turnSwitchScript } from "./scripts/fleet";
import { serveLineScript } from "./scripts/serve-line";
import { leastUsedOfScript, suspendScript, suspensionScript, unsuspendScript } from "./scripts/user";

const count = z.coerce.number().int().nonnegative();
const members = z.array(z.string()).transform((all) => all.flatMap(parseMember));

const servedSchema = z.tuple([z.enum(["going-on", "other", "over"]), members, members, count]);
const stateSchema = z.tuple([count, count, count, count, count, count, z.array(z.string())]);
/** All of it or nothing: there is no half of a suspension. */
const suspensionSchema = z.union([z.tuple([]), z.tuple([z.string(), z.string(), count])]);

/** A server that died is replaced after so many of its looks. */
const LOOKS_PER_CLAIM = 4;

export function redisFleet(redis: Redis, environment: string, policy: Policy): FleetStore {
  const keys = fleetKeys(environment);
  const shared = [keys.places, keys.used, keys.line, keys.fleet, keys.previews, keys.due];
  const ofUser = (userId: UserId) => [
    userKey(environment, userId),
    userPreviewsKey(environment, userId),
    keys.places,
    keys.used,
  ];
  const scopesOf = (userId: UserId, projects: unknown): Scope[] =>
    z
      .array(projectIdSchema)
      .parse(projects)
      .map((projectId) => ({ projectId, userId }));

  return {
    async serveLine(server, look, counted) {
      const raw = await redis.runScript(
        serveLineScript,
        [keys.places, keys.used, keys.line, keys.fleet, keys.due],
        [
          server,
          look,
          ...[
            policy.planConcurrency,
            policy.evictAfterMs,
            policy.lineOfferMs,
            policy.lineLookEveryMs * LOOKS_PER_CLAIM,
          ].map(String),
          ...(counted ? [String(counted.ours), String(counted.others)] : []),
        ],
      );
      const [kind, admitted, toRest, waiting] = servedSchema.parse(raw);
      return { kind, admitted, toRest, waiting };
    },

    async leastUsedOf(userId) {
      const raw = await redis.runScript(leastUsedOfScript, ofUser(userId), [
        userId,
        String(policy.evictAfterMs),
      ]);
      return scopesOf(userId, raw);
    },

    async recordCount({ ours, others }) {
      await redis.runScript(recordCountScript, shared, [String(ours), String(others)]);
    },

    async state() {
      const raw = stateSchema.parse(await redis.runScript(fleetStateScript, shared, []));
      const [now, taken, foreign, waiting, previews, due, fields] = raw;
      const switches = switchesIn(fields);
      return { now, taken, foreign, waiting, previews, due, switches, limit: policy.planConcurrency };
    },

    async turn(name, to) {
      const args = to.on ? [name, "1", oneLine(to.by), oneLine(to.why)] : [name, ""];
      return switchesIn(z.array(z.string()).parse(await redis.runScript(turnSwitchScript, shared, args)));
    },

    async suspend(userId, by, why) {
      const args = [oneLine(by), oneLine(why)];
      return scopesOf(userId, await redis.runScript(suspendScript, ofUser(userId), args));
    },

    async unsuspend(userId) {
      return count.parse(await redis.runScript(unsuspendScript, ofUser(userId), [])) === 1;
    },

    async suspension(userId) {
      const raw = await redis.runScript(suspensionScript, ofUser(userId), []);
      const told = suspensionSchema.parse(raw);
      if (told.length === 0) return undefined;
      const [why, by, since] = told;
      return { userId: userIdSchema.parse(userId), why, by, since };
    },
  };
}

/** What people type stands in one line of a hash's field. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 200);

function switchesIn(fields: readonly string[]): Switched[] {
  const found: Switched[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = switchNameSchema.safeParse(/^switch:(.+)$/.exec(String(fields[index]))?.[1]);
    if (!name.success) continue;
    const [since, by = "", why = ""] = String(fields[index + 1]).split("\n");
    found.push({ name: name.data, by, since: Number(since), why });
  }
  return found.sort((left, right) => left.since - right.since);
}
