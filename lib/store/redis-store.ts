/**
 * Owns the store over Redis: turns each method into one script call and each reply into types. It must never decide
 * anything and never write outside a script. Fails closed: a reply that it does not know is an error.
 */
import { z } from "zod";
import { IllegalTransitionError, LeaseLostError } from "@/lib/errors";
import { type SandboxId, type Scope, sandboxIdSchema } from "@/lib/ids";
import { parseHistory } from "@/lib/preview/history";
import type { Policy } from "@/lib/preview/policy";
import { reasonSchema } from "@/lib/preview/reasons";
import { entering, sourcesOf } from "@/lib/preview/transitions";
import type { Redis, Script, ScriptReply } from "@/lib/redis";
import { fleetKeys, keysOf, ticketKey } from "./keys";
import { parseMember } from "./member";
import { policyNumbers } from "./policy-numbers";
import { parseReply, type Reply } from "./reply";
import { askSyncScript } from "./scripts/ask-sync";
import { beginCreateScript } from "./scripts/begin-create";
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
import { usageToldScript } from "./scripts/usage-told";
import type { ClaimReply, ClaimRequest, Commit, CommitReply, HoldReply, PreviewStore, Sign } from "./store";

/** Lua's own text of the arguments; `''` stands for "leave it" in every script. */
const text = (value: string | number | undefined): string =>
  value === undefined ? "" : typeof value === "number" ? value.toFixed(0) : value;

const flag = (isSet: boolean | undefined): string => (isSet ? "1" : "");

/** The words that scripts answer; made once, for making a schema takes longer than a hundred uses of it. */
const committedSchema = z.enum(["committed", "lost", "condemned", "occupied"]);
const recordedSchema = z.enum(["recorded", "not-later", "other-run"]);
const notGrantedSchema = z.enum(["warm", "busy", "active", "needs-person", "completed"]);
const heldSchema = z.enum(["held", "released", "not-held", "absent"]);
const dueSchema = z.tuple([z.array(z.string()), z.string()]);

export function redisStore(redis: Redis, environment: string, policy: Policy): PreviewStore {
  const runRaw = (
    script: Script,
    scope: Scope,
    args: readonly string[],
    sandboxId?: SandboxId,
  ): Promise<ScriptReply> =>
    redis.runScript(script, keysOf(environment, scope, sandboxId).all, [policyNumbers(policy), ...args]);

  async function run(
    script: Script,
    scope: Scope,
    args: readonly string[],
    sandboxId?: SandboxId,
  ): Promise<Reply> {
    const raw = await runRaw(script, scope, args, sandboxId);
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

    async beginCreate({ leaseId, epoch, scope }, ticket) {
      const { previewId, all } = keysOf(environment, scope);
      const keys = [...all, ticketKey(environment, ticket)];
      const args = [policyNumbers(policy), leaseId, text(epoch), text(policy.leaseMs)];
      const raw = await redis.runScript(beginCreateScript, keys, args);
      const { status, snapshot } = parseReply(beginCreateScript, scope, previewId, raw);
      if (status !== "begun") throw new LeaseLostError(previewId);
      return snapshot;
    },

    async commit(lease, commit) {
      const args = [lease.leaseId, text(lease.epoch), ...commitArgs(commit)];
      const { status, snapshot } = await run(commitScript, lease.scope, args, sandboxIn(commit));
      if (status === "illegal") {
        const { previewId } = keysOf(environment, lease.scope);
        throw new IllegalTransitionError(previewId, snapshot.record.state, commit.become ?? "");
      }
      return {
        kind: committedSchema.parse(status),
        snapshot,
      } satisfies CommitReply;
    },

    async condemn(scope, sandboxId) {
      const { status } = await run(condemnScript, scope, [sandboxId], sandboxId);
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

    async usageTold(scope, step, mark) {
      const { status } = await run(usageToldScript, scope, [step, flag(mark)]);
      return status === "told";
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
      return recordedSchema.parse(status);
    },

    async takeDue(most, pushForwardMs) {
      const { due, line, fleet } = fleetKeys(environment);
      const raw = await redis.runScript(takeDueScript, [due, line, fleet], [text(most), text(pushForwardMs)]);
      const [members, unattended] = dueSchema.parse(raw);
      return { previews: members.flatMap(parseMember), isLineUnattended: unattended !== "" };
    },
  };
}

function claimArgs(scope: Scope, request: ClaimRequest, policy: Policy): string[] {
  const open = request.kind === "open" ? request : undefined;
  const pause = request.kind === "pause" ? request : undefined;
  const settle = request.kind === "settle" ? request : undefined;
  const renew = request.kind === "renew" ? request : undefined;
  const adopt = request.kind === "adopt" ? request : undefined;
  const wanted = open || renew ? "running" : pause ? "resting" : text((settle ?? adopt)?.wanted);
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
    text((open ?? adopt)?.bootId),
    text(open?.requestId),
    text(request.ifEpoch),
    flag((pause && !pause.isForced) || renew?.quietForMs !== undefined),
    flag(open?.isAdmitted),
    text(adopt?.epochFloor),
  ];
}

function claimReply(scope: Scope, request: ClaimRequest, reply: Reply): ClaimReply {
  const { status, snapshot } = reply;
  if (status === "granted") {
    const lease = { scope, leaseId: request.leaseId, epoch: snapshot.record.epoch };
    return { kind: "granted", lease, snapshot };
  }
  if (status === "not-applicable") return { kind: "not-applicable", snapshot };
  if (status === "waiting") return { kind: "waiting", isUnattended: reply.extra !== "", snapshot };
  if (status === "refused") return { kind: "refused", reason: reasonSchema.parse(reply.extra), snapshot };
  return { kind: notGrantedSchema.parse(status), snapshot };
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
    flag(commit.mayRunOn),
    text(commit.endedAt),
    text(commit.failure),
    flag(commit.rejoinsLine),
    text(pairs.length),
    ...pairs.flatMap(([field, value]) => [field, text(value)]),
    ...(commit.remove ?? []),
  ];
}

/** The sandbox that the record names after this commit, or that it lets go. */
function sandboxIn({ set, condemn }: Commit): SandboxId | undefined {
  return condemn ?? sandboxIdSchema.safeParse(set?.sandboxId).data;
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
  const kind = heldSchema.parse(status);
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
