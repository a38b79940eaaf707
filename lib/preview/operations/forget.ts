/**
 * Owns removing all that is kept of a preview or of a user: sandboxes by their labels and by the record, snapshots, what the
 * product keeps itself, record and history. The preview is taken from everybody else first and its record goes last, so
 * that a worker that dies between leaves what the same call finishes. What a create that was under way makes too late is
 * known by its epoch for a day, and killed by the audit. It must never free a suspended user. Fails closed with catalogue
 * errors, `EverythingHeldError` while nothing may be killed.
 */
import { EverythingHeldError, ProviderBusyError } from "@/lib/errors";
import {
  type LeaseId,
  projectIdSchema,
  type SandboxId,
  type Scope,
  type UserId,
  userIdSchema,
} from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { forgetSaves } from "@/lib/workspace/files";
import { type PreviewRecord, sandboxOf } from "../record";
import { filesSource } from "./files-source";

export interface ForgottenPreview {
  readonly scope: Scope;
  /** Those that were killed now; one that was gone already is not among them. */
  readonly sandboxes: readonly SandboxId[];
  readonly snapshots: readonly string[];
  readonly hadRecord: boolean;
  readonly historyEntries: number;
  /** What the product's own store said it removed; absent where it takes no part. */
  readonly productSaves?: "removed" | "not-supported";
}

/** What was removed, for whoever asked for it. `at` is Redis's time. */
export interface Receipt {
  readonly at: number;
  readonly previews: readonly ForgottenPreview[];
  /** The user's ledger too, when all of a user was forgotten; a suspension stays in force, without its words. */
  readonly isUserForgotten: boolean;
}

export interface Forgetting {
  /** Names the claims under which it is done. */
  readonly leaseId: LeaseId;
  readonly told?: (done: ForgottenPreview) => void;
}

/** Called again, after a crash or for good measure, it removes what is left. */
export async function forgetPreview(
  runtime: Runtime,
  scope: Scope,
  forgetting: Forgetting,
): Promise<Receipt> {
  const { at, preview } = await forgetOne(runtime, scope, forgetting.leaseId);
  forgetting.told?.(preview);
  return { at, previews: [preview], isUserForgotten: false };
}

/** Each preview of theirs, also those that only the provider knows, and then what is kept of the user. */
export async function forgetUser(runtime: Runtime, userId: UserId, forgetting: Forgetting): Promise<Receipt> {
  const previews: ForgottenPreview[] = [];
  let at = 0;
  let left: readonly Scope[] = await previewsOf(runtime, userId);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    for (const scope of left) {
      const forgotten = await forgetOne(runtime, scope, forgetting.leaseId);
      at = forgotten.at;
      previews.push(forgotten.preview);
      forgetting.told?.(forgotten.preview);
    }
    left = await runtime.audits.forgetUser(userId);
    if (left.length === 0) break;
  }
  const now = at > 0 ? at : (await runtime.fleet.state()).now;
  return { at: now, previews, isUserForgotten: left.length === 0 };
}

/** Somebody may open while it is forgotten: not more often than this is gone after them. */
const MOST_ROUNDS = 3;

async function forgetOne(
  runtime: Runtime,
  scope: Scope,
  leaseId: LeaseId,
): Promise<{ at: number; preview: ForgottenPreview }> {
  const killed = new Set<SandboxId>();
  const snapshots = new Set<string>();
  let hadRecord = false;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const begun = await begin(runtime, scope, leaseId);
    hadRecord ||= begun.hadRecord;
    await remove(runtime, begun.sandboxes, { killed, snapshots });
    const takesPart = await forgetSaves(filesSource(runtime), scope);
    const ended = await runtime.audits.endForgetting(scope, leaseId, begun.sandboxes);
    if (ended.kind === "lost") continue;
    const preview: ForgottenPreview = {
      scope,
      sandboxes: [...killed],
      snapshots: [...snapshots],
      hadRecord,
      historyEntries: ended.historyEntries,
      productSaves: takesPart ? "removed" : "not-supported",
    };
    const previewId = runtime.store.previewIdOf(scope);
    runtime.log.info(
      { previewId, sandboxes: killed.size, snapshots: snapshots.size, hadRecord },
      "a preview was forgotten",
    );
    return { at: ended.at, preview };
  }
  throw new ProviderBusyError("forget a preview that is opened again and again");
}

async function remove(
  { sandboxes }: Runtime,
  ids: readonly SandboxId[],
  removed: { readonly killed: Set<SandboxId>; readonly snapshots: Set<string> },
): Promise<void> {
  for (const sandboxId of ids) {
    // Asked for before the sandbox is gone, and deleted after: one that a sandbox stands on cannot be.
    const made = await sandboxes.snapshotsOf(sandboxId);
    if (await sandboxes.kill(sandboxId)) removed.killed.add(sandboxId);
    for (const snapshot of made) {
      if (await sandboxes.deleteSnapshot(snapshot)) removed.snapshots.add(snapshot);
    }
  }
}

interface Begun {
  readonly hadRecord: boolean;
  /** Also those that are long gone: they are remembered, and may have snapshots that nobody else would ever delete. */
  readonly sandboxes: readonly SandboxId[];
}

async function begin(runtime: Runtime, scope: Scope, leaseId: LeaseId): Promise<Begun> {
  const { store, sandboxes, audits } = runtime;
  const { appId: app, environment: env } = runtime;
  const previewId = store.previewIdOf(scope);
  const told = await audits.sandboxesOf(scope);
  const { snapshot } = await store.read(scope);
  const before = await sandboxes.find({ app, env, previewId });
  const named = [...namedIn(snapshot.record), ...before.map(({ sandboxId }) => sandboxId)];
  const highestEpoch = Math.max(0, ...before.map(({ epoch }) => epoch));
  const begun = await audits.beginForgetting(scope, leaseId, highestEpoch, named);
  if (begun.kind === "held") throw new EverythingHeldError("forget a preview");
  // Named or made between the two. The list may take longer than the claim holds, and what somebody has opened since is
  // theirs: it has a later epoch.
  const after = (await sandboxes.find({ app, env, previewId })).filter(({ epoch }) => epoch <= begun.epoch);
  const marked = new Set([...named, ...begun.named]);
  const others = new Set(
    [...after.map(({ sandboxId }) => sandboxId), ...told].filter((id) => !marked.has(id)),
  );
  // One that was made too late for the marks may be found and named by whoever opens it since: then it is theirs.
  for (const sandboxId of others) if (await store.condemn(scope, sandboxId)) marked.add(sandboxId);
  return { hadRecord: begun.hadRecord, sandboxes: [...marked] };
}

function namedIn(record: PreviewRecord): SandboxId[] {
  return [sandboxOf(record), record.asideId].flatMap((id) => (id ? [id] : []));
}

async function previewsOf(runtime: Runtime, userId: UserId): Promise<Scope[]> {
  const { appId: app, environment: env, sandboxes, store } = runtime;
  const found = new Map<string, Scope>();
  const add = (scope: Scope) => found.set(store.previewIdOf(scope), scope);
  for (const scope of await runtime.audits.previewsOf(userId)) add(scope);
  let from: string | undefined;
  do {
    const page = await sandboxes.listPage({ app, env, userId }, from);
    for (const { labels } of page.sandboxes) {
      const projectId = projectIdSchema.safeParse(labels.projectId);
      const isTheirs = userIdSchema.safeParse(labels.userId).data === userId;
      if (projectId.success && isTheirs) add({ projectId: projectId.data, userId });
    }
    from = page.next;
  } while (from !== undefined);
  return [...found.values()];
}
