/**
 * Owns the mutants in which who may write is not asked, or asked by a clock that is nobody's. Each replaces text of what
 * ships, and must be found out by what it leads to.
 */
import type { Mutant } from "./change";

const commit = "lib/store/scripts/commit.ts";
const claim = "lib/store/scripts/claim.ts";
const renewLease = "lib/store/scripts/renew-lease.ts";
const isHolder = "if get('leaseId') ~= leaseId or get('epoch') ~= epoch then return reply('lost') end";

export const ofClaims: readonly Mutant[] = [
  {
    name: "no-fence",
    what: "a commit asks neither for the claim nor for its epoch",
    edits: [{ file: commit, find: isHolder, replace: "" }],
  },
  {
    name: "no-lease-id",
    what: "a commit asks for the epoch alone",
    edits: [
      { file: commit, find: isHolder, replace: "if get('epoch') ~= epoch then return reply('lost') end" },
    ],
  },
  {
    name: "naive-write",
    what: "a claim does not ask whether somebody holds it",
    edits: [
      {
        file: claim,
        find: "local isOthers = isClaimed() and not isOwn",
        replace: "local isOthers = false",
      },
    ],
  },
  {
    name: "commit-not-idempotent",
    what: "a commit that was made before is made again",
    edits: [
      {
        file: commit,
        find: "if string.find(operations, ',' .. operation .. ',', 1, true) then return reply('committed') end",
        replace: "",
      },
    ],
  },
  {
    name: "lease-not-renewed",
    what: "whoever holds on to a claim is told so, and it lapses all the same",
    edits: [
      {
        file: renewLease,
        find: "set('leaseUntil', whole(now + leaseMs))\ncheckAt(scopeOf(), now + leaseMs)",
        replace: "",
      },
    ],
  },
  {
    name: "extension-bumps-epoch",
    what: "an extension moves the epoch without a claim",
    edits: [
      {
        file: "lib/store/scripts/record-extension.ts",
        find: "set('extendedAt', whole(now))",
        replace: "set('extendedAt', whole(now))\nset('epoch', whole(getNumber('epoch') + 1))",
      },
    ],
  },
  {
    name: "client-clock",
    what: "a claim goes by the time of the worker that asks",
    edits: [
      {
        file: claim,
        find: "local isAdmitted, epochFloor = ARGV[19] == '1', ARGV[20]",
        replace:
          "local isAdmitted, epochFloor = ARGV[19] == '1', ARGV[20]\n" +
          "if ARGV[21] then now = tonumber(ARGV[21]) + 0.0 end",
      },
      {
        file: "lib/store/redis-store.ts",
        find: "    text(adopt?.epochFloor),\n",
        replace:
          '    text(adopt?.epochFloor),\n    ...("now" in request ? [text(Number(request.now))] : []),\n',
      },
      {
        file: "lib/preview/operations/pause.ts",
        find: 'runtime.store.claim(scope, { kind: "pause", ...request })',
        replace: 'runtime.store.claim(scope, { kind: "pause", now: runtime.clock.now(), ...request })',
      },
      {
        file: "lib/preview/operations/open.ts",
        find: '    kind: "open",\n    bootId',
        replace: '    kind: "open",\n    now: runtime.clock.now(),\n    bootId',
      },
    ],
  },
];
