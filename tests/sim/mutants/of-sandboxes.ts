// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is text of the shipping files
/**
 * Owns the mutants in which a sandbox is made, believed, destroyed or let go without the care that it needs.
 */
import type { Mutant } from "./change";

const commit = "lib/store/scripts/commit.ts";
const acquire = "lib/preview/operations/acquire.ts";
const checkBack = "lib/preview/operations/check-back.ts";

export const ofSandboxes: readonly Mutant[] = [
  {
    name: "no-condemn",
    what: "a sandbox that is about to be destroyed is not marked",
    edits: [
      {
        file: "lib/store/scripts/condemn.ts",
        find: "redis.call('SADD', condemnedKey, sandboxId)",
        replace: "",
      },
    ],
  },
  {
    name: "condemned-is-committed",
    what: "a commit names a sandbox that is marked",
    edits: [
      {
        file: commit,
        find: "if sandboxId and redis.call('SISMEMBER', condemnedKey, sandboxId) == 1 then return reply('condemned') end",
        replace: "",
      },
    ],
  },
  {
    name: "kill-before-condemn",
    what: "a sandbox is killed first, and let go by the record and marked then",
    edits: [
      {
        file: "lib/preview/operations/kill.ts",
        find: "  const killed = await commit(runtime, lease, {",
        replace: "  await sandboxes.kill(sandboxId);\n  const killed = await commit(runtime, lease, {",
      },
      {
        file: "lib/preview/operations/retire.ts",
        find: "Promise<RetireOutcome> {\n  await commit(runtime, lease, {\n    operation: `retired-${sandboxId}`,",
        replace:
          "Promise<RetireOutcome> {\n  await runtime.sandboxes.kill(sandboxId);\n" +
          "  await commit(runtime, lease, {\n    operation: `retired-${sandboxId}`,",
      },
    ],
  },
  {
    name: "create-without-listing",
    what: "a sandbox is made without a look for one that is there",
    edits: [
      {
        file: acquire,
        find: "const all = await runtime.sandboxes.find({ app, env, previewId });",
        replace:
          "const all: Awaited<ReturnType<typeof runtime.sandboxes.find>> = [];\n  void app, env, previewId;",
      },
    ],
  },
  {
    name: "lost-answer-swallowed",
    what: "a provider that does not answer is taken to say that the sandbox is gone",
    edits: [
      {
        file: "lib/preview/operations/reconcile.ts",
        find: 'sandboxId ? await sandboxes.observe(sandboxId) : { kind: "gone" }',
        replace:
          'sandboxId ? await sandboxes.observe(sandboxId).catch(() => ({ kind: "gone" as const })) : { kind: "gone" }',
      },
    ],
  },
  {
    name: "failed-pause-believed",
    what: "a pause that the provider did not answer is taken for one that landed",
    edits: [
      {
        file: "lib/preview/operations/pause.ts",
        find: "const left = await runtime.sandboxes.pause(sandboxId);",
        replace: 'const left = await runtime.sandboxes.pause(sandboxId).catch(() => "paused" as const);',
      },
    ],
  },
  {
    name: "integrity-not-checked",
    what: "whatever comes back from a pause is taken for what was paused",
    edits: [
      {
        file: checkBack,
        find: '  return (await integrityOf(runtime, sandboxId, record, deadlineMs))?.kind !== "broken";',
        replace: "  return true;",
      },
      {
        file: checkBack,
        find: '  if (found?.kind !== "broken") return "intact";',
        replace: '  if (found) return "intact";',
      },
    ],
  },
  {
    name: "forgetting-does-not-detach",
    what: "a preview that is being forgotten goes on naming its sandbox",
    edits: [
      {
        file: "lib/store/scripts/forget.ts",
        find: "redis.call('HDEL', recordKey, 'sandboxId', 'asideId', 'runStartedAt', 'endsAt', ${ofTheSandbox})",
        replace: "",
      },
      {
        file: "lib/store/scripts/forget.ts",
        find: "if get('state') ~= 'absent' then become('expired', 'killed', leaseId) end",
        replace: "",
      },
    ],
  },
  {
    name: "no-audit",
    what: "the audit looks at nothing",
    edits: [
      {
        file: "functions/audit-sandboxes.ts",
        find: "  const kind = passOf(passId, isDryRun);",
        replace: "  if (passId) return emptyReport(isDryRun);\n  const kind = passOf(passId, isDryRun);",
      },
    ],
  },
];
