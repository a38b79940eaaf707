/**
 * Owns the store over Redis: turns each method into one script call and each reply into types. It must never decide
 * anything and never write outside a script. Fails closed: a reply that it does not know is an error.
 */
import { z } from "zod";
import {
  IllegalTransitionError,
  LeaseLostError,
  RecordUnreadableError,
  StoreRefusedError,
} from "@/lib/errors";
import { projectIdSchema, type Scope, userIdSchema } from "@/lib/ids";
import { parseHistory } from "@/lib/preview/history";
import type { Policy } from "@/lib/preview/policy";
import { type PreviewRecord, recordSchema, type Snapshot } from "@/lib/preview/record";
import { entering, sourcesOf } from "@/lib/preview/transitions";
import type { Redis, Script, ScriptReply } from "@/lib/redis";
import { dueKey, keysOf } from "./keys";
import { askSyncScript } from "./scripts/ask-sync";
import { claimScript } from "./scripts/claim";
import { commitScript } from "./scripts/commit";
import { condemnScript } from "./scripts/condemn";
import { historyScript, noteScript } from "./scripts/history";
import { holdScript } from "./scripts/hold";
import { readScript } from "./scripts/read";
import { recordExtensionScript } from "./scripts/record-extension";
import { renewLeaseScript } from "./scripts/renew-lease";
import { takeDueScript } from "./scripts/take-due";
import { touchScript } from "./scripts/touch";
import {
  absentRecord,
  type ClaimReply,
  type ClaimRequest,
  type Commit,
  type CommitReply,
  type HoldReply,
  type PreviewStore,
  type Sign,
} from "./store";

/** Lua's own text of the arguments; `''` stands for "leave it" in every script. */
const text = (value: string | number | undefined): string =>
  value === undefined ? "" : typeof value === "number" ? value.toFixed(0) : value;

const flag = (isSet: boolean | undefined): string => (isSet ? "1" : "");

export function redisStore(redis: Redis, environment: string, policy: Policy): PreviewStore {
  const runRaw = (script: Script, scope: Scope, args: readonly string[]): Promise<ScriptReply> =>
    redis.runScript(script, keysOf(environment, scope).all, [policyNumbers(policy), ...args]);

  async function run(script: Script, scope: Scope, args: readonly string[]): Promise<Reply> {
    const raw = await runRaw(script, scope, args);
    return parseReply(script, scope, keysOf(environment, scope).previewId, raw);
  }

  return {
    previewIdOf: (scope) => keysOf(environment, scope).previewId,

    async read(scope) {
      const { snapshot, extra } = await run(readScript, scope, []);
      return { snapshot, logTail: extra };
    },

    async claim(scope, request) {
      return claimReply(scope, request, await run(claimScript, scope, claimArgs(scope, request, policy)));
    },

    async renewLease(lease, { phase, logTail }) {
      const { leaseId, epoch, scope } = lease;
      const args = [leaseId, text(epoch), text(policy.leaseMs), text(phase), text(logTail)];
      const { status, snapshot } = await run(renewLeaseScript, scope, args);
      if (status !== "renewed") throw new LeaseLostError(keysOf(environment, scope).previewId);
      return snapshot;
    },

    async commit(lease, commit) {
      const { status, snapshot } = await run(commitScript, lease.scope, [
        lease.leaseId,
        text(lease.epoch),
        ...commitArgs(commit),
      ]);
      if (status === "illegal") {
        const { previewId } = keysOf(environment, lease.scope);
        throw new IllegalTransitionError(previewId, snapshot.record.state, commit.become ?? "");
      }
      return {
        kind: z.enum(["committed", "lost", "condemned", "occupied"]).parse(status),
        snapshot,
      } satisfies CommitReply;
    },

    async condemn(scope, sandboxId) {
      const { status } = await run(condemnScript, scope, [sandboxId]);
      return status === "condemned";
    },

    async touch(scope, sign) {
      const { status, snapshot, extra } = await run(touchScript, scope, touchArgs(sign, policy));
      if (status === "absent") return undefined;
      return extra === "" ? { snapshot } : { snapshot, emitSeq: Number(extra) };
    },

    async hold(scope, key, maxMs) {
      return holdReply(await run(holdScript, scope, ["hold", key, text(maxMs)]));
    },

    async release(scope, key) {
      return holdReply(await run(holdScript, scope, ["release", key]));
    },

    async askSync(scope) {
      const { status, snapshot } = await run(askSyncScript, scope, []);
      return status === "absent" ? undefined : snapshot;
    },

    async history(scope, most) {
      return parseHistory(await runRaw(historyScript, scope, [text(most)]));
    },

    async note(scope, { kind, ...fields }) {
      await run(noteScript, scope, [kind, ...Object.entries(fields).flat().map(String)]);
    },

    async recordExtension(scope, { sandboxId, runStartedAt, endsAt, isClamped }) {
      const args = [sandboxId, text(runStartedAt), text(endsAt), flag(isClamped)];
      const { status } = await run(recordExtensionScript, scope, args);
      return z.enum(["recorded", "not-later", "other-run"]).parse(status);
    },

    async takeDue(most, pushForwardMs) {
      const raw = await redis.runScript(
        takeDueScript,
        [dueKey(environment)],
        [text(most), text(pushForwardMs)],
      );
      return z.array(z.string()).parse(raw).flatMap(parseDueMember);
    },
  };
}

function claimArgs(scope: Scope, request: ClaimRequest, policy: Policy): string[] {
  const open = request.kind === "open" ? request : undefined;
  const pause = request.kind === "pause" ? request : undefined;
  const settle = request.kind === "settle" ? request : undefined;
  const renew = request.kind === "renew" ? request : undefined;
  const wanted = open || renew ? "running" : pause ? "resting" : text(settle?.wanted);
  return [
    scope.projectId,
    scope.userId,
    request.kind,
    request.leaseId,
    text(policy.leaseMs),
    `,${Object.entries(entering[request.kind])
      .map(([from, to]) => `${from}=${to}`)
      .join(",")},`,
    text(request.reason),
    wanted,
    text(open?.viewerId),
    text(open?.isDoubted ? Number.MAX_SAFE_INTEGER : policy.warmMarginMs),
    flag(open?.isByPerson),
    text(pause?.idleForMs ?? renew?.quietForMs),
    flag(pause?.mustBeEmpty),
    text(open?.bootId),
    text(open?.requestId),
    text(request.ifEpoch),
    flag(pause !== undefined || renew?.quietForMs !== undefined),
  ];
}

function claimReply(scope: Scope, request: ClaimRequest, reply: Reply): ClaimReply {
  const { status, snapshot } = reply;
  if (status === "granted") {
    const lease = { scope, leaseId: request.leaseId, epoch: snapshot.record.epoch };
    return { kind: "granted", lease, snapshot };
  }
  if (status === "not-applicable") return { kind: "not-applicable", snapshot };
  return { kind: z.enum(["warm", "busy", "active", "needs-person", "completed"]).parse(status), snapshot };
}

function commitArgs(commit: Commit): string[] {
  const pairs = Object.entries(commit.set ?? {});
  return [
    commit.operation,
    commit.claim,
    text(commit.become),
    commit.become ? `,${sourcesOf(commit.become).join(",")},` : "",
    text(commit.reason),
    text(commit.wanted),
    checkText(commit.check),
    text(commit.requestId),
    flag(commit.mustBeFree),
    text(commit.condemn),
    text(pairs.length),
    ...pairs.flatMap(([field, value]) => [field, text(value)]),
    ...(commit.remove ?? []),
  ];
}

function checkText(check: Commit["check"]): string {
  if (check === "never") return "";
  if (check === "when-running") return "running";
  return "at" in check ? text(check.at) : `+${text(check.inMs)}`;
}

function touchArgs(sign: Sign, policy: Policy): string[] {
  const viewerId = sign.kind === "beat" || sign.kind === "left" ? sign.viewerId : "";
  return [
    sign.kind,
    viewerId,
    text(policy.emitEveryMs),
    sign.kind === "activity" ? text(sign.at) : "",
    sign.kind === "unsent" ? text(sign.emitSeq) : "",
  ];
}

function holdReply({ status, snapshot, extra }: Reply): HoldReply {
  const kind = z.enum(["held", "released", "not-held", "absent"]).parse(status);
  switch (kind) {
    case "absent":
      return { kind };
    case "held":
      return { kind, endsAt: Number(extra), snapshot };
    case "released":
    case "not-held":
      return { kind, snapshot };
  }
}

/** In the order in which the prelude reads them. */
const policyNumbers = (policy: Policy): string =>
  [
    policy.viewerGoneAfterMs,
    policy.idleAfterMs,
    policy.healAfterMs,
    policy.graceAfterLeftMs,
    policy.renewBeforeMs,
    policy.maxRunMs,
    policy.historyEntries,
    policy.leaseMs,
  ].join(",");

interface Reply {
  readonly status: string;
  readonly snapshot: Snapshot;
  readonly extra: string;
}

const replySchema = z.tuple([
  z.string(),
  z.coerce.number(),
  z.tuple([z.coerce.number(), z.coerce.number()]),
  z.array(z.string()),
  z.string(),
]);

function parseReply(script: Script, scope: Scope, previewId: string, raw: ScriptReply): Reply {
  const parsed = replySchema.safeParse(raw);
  if (!parsed.success) throw new StoreRefusedError(script.name, parsed.error);
  const [status, now, [viewers, holds], flat, extra] = parsed.data;
  return { status, extra, snapshot: { now, viewers, holds, record: parseRecord(scope, previewId, flat) } };
}

function parseRecord(scope: Scope, previewId: string, flat: readonly string[]): PreviewRecord {
  // Presence and the log outlive nothing: a hash with only such leftovers cannot exist, so empty means never opened.
  if (flat.length === 0) return absentRecord(scope);
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < flat.length; index += 2)
    fields[String(flat[index])] = String(flat[index + 1]);
  const parsed = recordSchema.safeParse(fields);
  if (!parsed.success) throw new RecordUnreadableError(previewId, parsed.error);
  return parsed.data;
}

/** A member that is no scope was never written by us; it must not keep the sweep from everybody else's. */
function parseDueMember(member: string): Scope[] {
  const [projectId, userId] = member.split("/");
  const scope = z
    .object({ projectId: projectIdSchema, userId: userIdSchema })
    .safeParse({ projectId, userId });
  return scope.success ? [scope.data] : [];
}
