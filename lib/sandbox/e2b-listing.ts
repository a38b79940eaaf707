/**
 * Owns how E2B's listings become the core's own: pages of one deployment's sandboxes, and the count of all that run. It
 * must never show one that is not a sandbox of this app and environment as ours. Fails closed: an id that is none is
 * `ProviderRefusedError`; what the SDK throws is the caller's to classify.
 */
import { type ConnectionOpts, Sandbox, type SandboxInfo } from "e2b";
import { ProviderRefusedError } from "@/lib/errors";
import { type SandboxId, sandboxIdSchema } from "@/lib/ids";
import type { FoundSandbox, ListedSandbox, SandboxLabels, SandboxPage } from "./port";

type Ours = Pick<SandboxLabels, "app" | "env">;
type InTime = <T>(work: () => Promise<T>) => Promise<T>;

/** E2B's most (e2b.md §2.5, 2026-11-22). */
const PER_PAGE = 100;

export async function listPage(
  connection: ConnectionOpts,
  inTime: InTime,
  { app, env, userId }: Ours & Partial<Pick<SandboxLabels, "userId">>,
  from: string | undefined,
): Promise<SandboxPage> {
  const pages = Sandbox.list({
    ...connection,
    query: { metadata: { app, env, ...(userId === undefined ? {} : { userId }) } },
    limit: PER_PAGE,
    ...(from === undefined ? {} : { nextToken: from }),
  });
  const items = await inTime(() => pages.nextItems());
  const { nextToken: next } = pages;
  return { sandboxes: items.map(listed), ...(pages.hasNext && next ? { next } : {}) };
}

/** Of everybody's, by their labels. */
export async function countRunning(
  connection: ConnectionOpts,
  inTime: InTime,
  { app, env }: Ours,
): Promise<{ ours: number; others: number }> {
  const pages = Sandbox.list({ ...connection, query: { state: ["running"] }, limit: PER_PAGE });
  const count = { ours: 0, others: 0 };
  while (pages.hasNext) {
    for (const { metadata } of await inTime(() => pages.nextItems())) {
      count[metadata.app === app && metadata.env === env ? "ours" : "others"] += 1;
    }
  }
  return count;
}

/** What was made of one sandbox, by the names that delete takes. */
export async function listSnapshots(
  connection: ConnectionOpts,
  inTime: InTime,
  sandboxId: SandboxId,
): Promise<string[]> {
  const pages = Sandbox.listSnapshots({ ...connection, sandboxId, limit: PER_PAGE });
  const found: string[] = [];
  while (pages.hasNext) {
    for (const { snapshotId } of await inTime(() => pages.nextItems())) found.push(snapshotId);
  }
  return found;
}

export function foundSandbox(info: SandboxInfo): FoundSandbox {
  const { sandboxId, state, startedAt, endsAt, labels } = listed(info);
  return { sandboxId, state, startedAt, endsAt, epoch: Number(labels.epoch ?? 0) };
}

function listed(info: SandboxInfo): ListedSandbox {
  return {
    sandboxId: idOf(info),
    state: info.state,
    startedAt: info.startedAt.getTime(),
    endsAt: info.endAt.getTime(),
    labels: info.metadata,
  };
}

function idOf(info: SandboxInfo): SandboxId {
  const sandboxId = sandboxIdSchema.safeParse(info.sandboxId);
  if (!sandboxId.success) throw new ProviderRefusedError("list", 200, sandboxId.error);
  return sandboxId.data;
}
