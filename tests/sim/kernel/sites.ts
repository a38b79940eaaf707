/**
 * Owns the names of the places where the shipping code leaves its process: every script of Redis, every call of the
 * provider, the product's files, the look at a dev server, and sending events. A call that is not listed here throws, so
 * that no place is left without faults unnoticed.
 */
export const scriptSites = [
  "ask-sync",
  "audit-page",
  "audit-unseen",
  "begin-create",
  "claim",
  "commit",
  "condemn",
  "condemn-orphan",
  "fleet-state",
  "forget-begin",
  "forget-end",
  "forget-user",
  "has-preview",
  "history",
  "hold",
  "least-used-of",
  "named",
  "note",
  "of-sandbox",
  "page-of-all",
  "page-of-set",
  "preview-lines",
  "read",
  "record-count",
  "record-extension",
  "renew-lease",
  "sandboxes-of",
  "serve-line",
  "suspend",
  "suspension",
  "take-due",
  "touch",
  "turn-switch",
  "unsuspend",
  "usage-told",
  "user-projects",
].map((name) => `redis.${name}`);

export const sandboxCalls = [
  "create",
  "connect",
  "reboot",
  "observe",
  "labelsOf",
  "extend",
  "pause",
  "kill",
  "find",
  "listPage",
  "count",
  "snapshotsOf",
  "deleteSnapshot",
  "writeFiles",
  "readFiles",
  "run",
  "startInBackground",
] as const;

const otherSites = ["files.revision", "files.load", "files.save", "files.forget", "probe", "events.send"];

export const sites: readonly string[] = [
  ...scriptSites,
  ...sandboxCalls.map((call) => `sandboxes.${call}`),
  ...otherSites,
];

const numbers = new Map(sites.map((site, number) => [site, number]));

/** @throws for a site that is not listed */
export function numberOfSite(site: string): number {
  const number = numbers.get(site);
  if (number === undefined) throw new Error(`tests/sim/kernel/sites.ts does not list the call "${site}"`);
  return number;
}
