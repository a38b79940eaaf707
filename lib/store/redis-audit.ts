/**
 * Owns the audit's store over Redis: turns each method into one script call and each reply into types. It must never
 * decide anything. Fails closed: a reply that it does not know is an error.
 */
import { z } from "zod";
import { projectIdSchema, type Scope, sandboxIdSchema, type UserId } from "@/lib/ids";
import type { Policy } from "@/lib/preview/policy";
import { stateSchema } from "@/lib/preview/transitions";
import type { Redis } from "@/lib/redis";
import type { AuditStore, LabelledSandbox, Pass, Standing } from "./audit-store";
import {
  auditSeenKey,
  fleetKeys,
  forgottenKey,
  keysOf,
  sandboxKey,
  ticketKey,
  userKey,
  userPreviewsKey,
} from "./keys";
import { parseMember } from "./member";
import { policyNumbers } from "./policy-numbers";
import { parseReply } from "./reply";
import { auditPageScript, auditUnseenScript, condemnOrphanScript } from "./scripts/audit";
import { forgetBeginScript, forgetEndScript, sandboxesOfScript } from "./scripts/forget";
import { forgetUserScript, userProjectsScript } from "./scripts/forget-user";

const maybe = z.string().transform((text) => (text === "" ? undefined : Number(text)));
const standingSchema = z.tuple([
  z.enum(["named", "others", "unknown", "claimed", "unnamed", "orphan", "never-named", "let-go"]),
  z.string(),
  z.string(),
  maybe,
  maybe,
  maybe,
]);
const pageSchema = z.tuple([z.coerce.number(), z.string(), z.array(standingSchema)]);
const unseenSchema = z.tuple([z.coerce.number(), z.string(), z.array(z.string())]);

export function redisAudit(redis: Redis, environment: string, policy: Policy): AuditStore {
  const fleet = fleetKeys(environment);
  const seenKey = (pass: Pass) => auditSeenKey(environment, pass.kind === "dry" ? pass.passId : "none");
  const isReal = (pass: Pass) => (pass.kind === "real" ? "1" : "");
  const keysFor = ({ sandboxId, scope, ticket }: LabelledSandbox): string[] => {
    const { previewId, all } = keysOf(environment, scope);
    const [record, , , condemned] = all;
    return [
      record,
      condemned,
      sandboxKey(environment, sandboxId),
      forgottenKey(environment, previewId),
      ticketKey(environment, ticket ?? "none"),
    ];
  };

  return {
    async compare(sandboxes, pass) {
      const raw = await redis.runScript(
        auditPageScript,
        [fleet.named, seenKey(pass), fleet.fleet, ...sandboxes.flatMap(keysFor)],
        [
          isReal(pass),
          ...sandboxes.flatMap(({ sandboxId, scope, epoch }) => [sandboxId, memberOf(scope), String(epoch)]),
        ],
      );
      const [now, held, found] = pageSchema.parse(raw);
      return { now, isEverythingHeld: held !== "", standings: found.map(standingIn) };
    },

    async unseen(since, leaveOut, most, pass) {
      const raw = await redis.runScript(
        auditUnseenScript,
        [fleet.named, seenKey(pass)],
        [since, leaveOut, most].map(String),
      );
      const [looked, more, members] = unseenSchema.parse(raw);
      return { looked, isMore: more !== "", sandboxes: members.flatMap(namedIn) };
    },

    async condemnOrphan(sandbox, pass) {
      const raw = await redis.runScript(
        condemnOrphanScript,
        [fleet.fleet, ...keysFor(sandbox)],
        [sandbox.sandboxId, String(sandbox.epoch), isReal(pass), memberOf(sandbox.scope)],
      );
      return z.enum(["kill", "pause", "leave", "held"]).parse(raw);
    },

    async sandboxesOf(scope) {
      const keys = keysOf(environment, scope).all;
      const raw = await redis.runScript(sandboxesOfScript, keys, [policyNumbers(policy)]);
      return z.array(sandboxIdSchema).parse(raw);
    },

    async beginForgetting(scope, leaseId, highestEpoch, sandboxes) {
      const { previewId, all } = keysOf(environment, scope);
      const args = [leaseId, policy.leaseMs, highestEpoch].map(String);
      const remembered = sandboxes.map((sandboxId) => sandboxKey(environment, sandboxId));
      const raw = await redis.runScript(
        forgetBeginScript,
        [...all, ...remembered],
        [policyNumbers(policy), ...args, ...sandboxes],
      );
      const { status, extra } = parseReply(forgetBeginScript, scope, previewId, raw);
      const kind = z.enum(["begun", "held"]).parse(status);
      if (kind === "held") return { kind };
      const [isThere, epoch, ...ids] = extra.split(" ");
      const named = z.array(sandboxIdSchema).parse(ids);
      return { kind, hadRecord: isThere === "1", epoch: Number(epoch), named };
    },

    async endForgetting(scope, leaseId, sandboxes) {
      const { previewId, all } = keysOf(environment, scope);
      const raw = await redis.runScript(
        forgetEndScript,
        [...all, ...sandboxes.map((sandboxId) => sandboxKey(environment, sandboxId))],
        [policyNumbers(policy), leaseId, scope.projectId, scope.userId, ...sandboxes],
      );
      const { status, snapshot, extra } = parseReply(forgetEndScript, scope, previewId, raw);
      const kind = z.enum(["forgotten", "lost"]).parse(status);
      return kind === "lost" ? { kind } : { kind, at: snapshot.now, historyEntries: Number(extra) };
    },

    async forgetUser(userId) {
      const raw = await redis.runScript(
        forgetUserScript,
        [userKey(environment, userId), userPreviewsKey(environment, userId)],
        [],
      );
      return scopesOf(userId, raw);
    },

    async previewsOf(userId) {
      const raw = await redis.runScript(userProjectsScript, [userPreviewsKey(environment, userId)], []);
      return scopesOf(userId, raw);
    },
  };
}

const scopesOf = (userId: UserId, projects: unknown): Scope[] =>
  z
    .array(projectIdSchema)
    .parse(projects)
    .map((projectId) => ({ projectId, userId }));

const memberOf = ({ projectId, userId }: Scope): string => `${projectId}/${userId}`;

function namedIn(member: string) {
  const [id, ...rest] = member.split("/");
  const sandboxId = sandboxIdSchema.safeParse(id);
  return sandboxId.success
    ? parseMember(rest.join("/")).map((scope) => ({ sandboxId: sandboxId.data, scope }))
    : [];
}

function standingIn([kind, state, claimed, runStartedAt, endsAt, keptUntil]: z.output<
  typeof standingSchema
>): Standing {
  if (kind !== "named") return { kind };
  return {
    kind,
    state: stateSchema.parse(state),
    isClaimed: claimed !== "",
    ...(runStartedAt === undefined ? {} : { runStartedAt }),
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(keptUntil === undefined ? {} : { keptUntil }),
  };
}
