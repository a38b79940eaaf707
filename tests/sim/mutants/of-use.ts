// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is text of the shipping files
/**
 * Owns the mutants in which signs of life, holds, deadlines, places or bills are not heeded.
 */
import type { Mutant } from "./change";

const claim = "lib/store/scripts/claim.ts";

export const ofUse: readonly Mutant[] = [
  {
    name: "edge-triggered-idle",
    what: "the idle watch trusts the event that began it and looks at nothing before it pauses",
    edits: [
      {
        file: "functions/pause-when-idle.ts",
        find: '  if (rest.kind === "later") return waitFor(runtime, rest.at, snapshot.now);',
        replace: "",
      },
      {
        file: "functions/pause-when-idle.ts",
        find: "    idleForMs: runtime.policy.idleAfterMs,\n",
        replace: "",
      },
    ],
  },
  {
    name: "idle-not-rechecked",
    what: "a claim to pause does not ask again how long nobody used it",
    edits: [
      {
        file: claim,
        find: "  if idleForMs ~= '' and now - usedUntil() < tonumber(idleForMs) then return reply('active') end\n",
        replace: "",
      },
    ],
  },
  {
    name: "hold-ignored",
    what: "an agent's hold keeps nothing from resting",
    edits: [
      {
        file: claim,
        find: "  if requireUnheld and countHolds() > 0 then return reply('active') end\n",
        replace: "",
      },
      {
        file: "lib/store/scripts/prelude.ts",
        find: "  return math.max(lastActiveAt, getNumber('readyAt'), getNumber('heldUntil'))",
        replace: "  return math.max(lastActiveAt, getNumber('readyAt'))",
      },
      {
        file: "lib/preview/decide.ts",
        find: "record.readyAt ?? 0, record.heldUntil ?? 0);",
        replace: "record.readyAt ?? 0);",
      },
      {
        file: "lib/preview/decide.ts",
        find: "  if (viewers > 0 || holds > 0 || record.leftAt === undefined) return undefined;",
        replace: "  if (viewers > 0 || holds < 0 || record.leftAt === undefined) return undefined;",
      },
    ],
  },
  {
    name: "return-during-pause-ignored",
    what: "who comes while it is being paused is not written down",
    edits: [
      {
        file: "lib/store/scripts/touch.ts",
        find: "if state == 'pausing' and at >= getNumber('changedAt') and not isSuspended() then set('wanted', 'running') end",
        replace: "",
      },
    ],
  },
  {
    name: "emission-slot-not-returned",
    what: "a sign of life that could not be told is not told by the next beat either",
    edits: [
      {
        file: "lib/store/scripts/touch.ts",
        find: "  if get('emitSeq') == ARGV[6] then unset('emittedAt') end\n",
        replace: "",
      },
    ],
  },
  {
    name: "lifted-suspension-heeded",
    what: "the word of a suspension is followed although it was lifted",
    edits: [
      {
        file: "functions/rest-on-request.ts",
        find: 'if (because === "suspended" && snapshot.suspendedBecause === undefined) {',
        replace: 'if (because === "evicted" && askedAt < 0) {',
      },
      {
        file: claim,
        find: "if kind == 'pause' and reason == 'suspended' and state == 'running' and not isSuspended() then return reply('active') end\n",
        replace: "",
      },
    ],
  },
  {
    name: "sleeps-until-local-time",
    what: "a watch sleeps until a time of its worker's clock",
    edits: [
      {
        file: "functions/watch-deadline.ts",
        find: "    await step.sleep(`until-${round}`, inMs ?? sleepMs(at, runtime.clock.now()));",
        replace:
          "    await step.sleepUntil(`until-${round}`, new Date(inMs === undefined ? at : runtime.clock.now() + inMs));",
      },
    ],
  },
  {
    name: "capacity-not-rechecked",
    what: "a claim takes a place that is not there",
    edits: [
      {
        file: "lib/store/scripts/admission.ts",
        find: "  if not hasPlace() and (placesLeft() < 1 or (redis.call('ZCARD', lineKey) > 0 and not isAdmitted)) then",
        replace: "  if false then",
      },
    ],
  },
  {
    name: "ledger-not-closed",
    what: "a run that has ended stays open in the ledger",
    edits: [
      {
        file: "lib/store/scripts/commit.ts",
        find: "accountRun(mayRun and get('runStartedAt') or nil,",
        replace: "accountRun(get('runStartedAt'),",
      },
    ],
  },
  {
    name: "warning-not-deduplicated",
    what: "a deadline is warned of at every look",
    edits: [
      {
        file: "functions/watch-deadline.ts",
        find: "if (warnOf !== undefined && warnOf !== warnedOf) {",
        replace: "if (warnOf !== undefined) {",
      },
      {
        file: "functions/announce.ts",
        find: '  return previewExpiring.create({ projectId, userId, deadline, kind, canExtend: kind === "idle" }, { id });',
        replace:
          '  void id;\n  return previewExpiring.create({ projectId, userId, deadline, kind, canExtend: kind === "idle" });',
      },
    ],
  },
  {
    name: "due-looks-removed",
    what: "a look that is taken is removed, and lost with whoever took it",
    edits: [
      {
        file: "lib/store/scripts/take-due.ts",
        find: "  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), scope)",
        replace: "  redis.call('ZREM', KEYS[1], scope)",
      },
    ],
  },
];
