/**
 * Owns the snapshots: files of a sandbox under a name of their own, from which others are created, and which outlive
 * it (e2b.md §5.2; INFRA snapshot_template_create.go, snapshot_template_list.go, template_delete.go). It must never
 * delete what a sandbox still stands on, nor let a deleted name pass for an empty template. Fails as E2B does: 404
 * unknown or not running, 409 in the middle of a change, 400 in use.
 */
import type { Clock } from "@/lib/clock";
import { ApiError, sandboxNotFound } from "@/lib/local/e2b/semantics/api-error";
import { type Fleet, randomName } from "@/lib/local/e2b/semantics/fleet";
import type { Machines } from "@/lib/local/e2b/semantics/machines";
import { type PageRequest, pageOf } from "@/lib/local/e2b/semantics/paging";
import type { SandboxLife } from "@/lib/local/e2b/semantics/sandbox-life";
import {
  DEFAULT_TAG,
  readSnapshotName,
  readTemplateName,
  TEAM,
  type TemplateName,
} from "@/lib/local/e2b/semantics/snapshot-name";
import type { Random } from "@/lib/random";

export interface SnapshotsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly machines: Machines;
  readonly fleet: Fleet;
}

export interface Snapshot {
  readonly templateId: string;
  readonly alias: string | undefined;
  readonly tag: string;
  /** Whose files they were. */
  readonly sandboxId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The files' own name among the machines. */
  readonly storageId: string;
}

export interface SnapshotQuery extends PageRequest {
  readonly sandboxId?: string | undefined;
  readonly name?: string | undefined;
}

export class Snapshots {
  /** All that were ever made and not deleted; of one name and tag the last one counts. */
  private made: readonly Snapshot[] = [];
  private readonly deletedNames = new Set<string>();

  constructor(private readonly options: SnapshotsOptions) {}

  /** Of a running sandbox, which stands still meanwhile. A name that is taken gets these files from now on. */
  async create(life: SandboxLife, wantedName: string | undefined): Promise<Snapshot> {
    const name = wantedName === undefined ? undefined : readSnapshotName(wantedName);
    const { sandboxId } = life.identity;
    refuseUnlessRunning(life);
    const storageId = randomName(this.options.random);
    await life.saveSnapshot(storageId);
    const known = name && this.current().find((snapshot) => isNamed(snapshot, name));
    const snapshot = {
      templateId: known?.templateId ?? storageId,
      alias: known ? known.alias : name?.alias,
      tag: name?.tag ?? DEFAULT_TAG,
      sandboxId,
      createdAt: this.options.clock.now(),
      storageId,
    };
    if (snapshot.alias !== undefined) this.deletedNames.delete(snapshot.alias);
    this.made = [...this.made, snapshot];
    return snapshot;
  }

  list({ sandboxId, name, ...page }: SnapshotQuery): ReturnType<typeof pageOf<Snapshot>> {
    const wanted = name === undefined ? undefined : readSnapshotName(name);
    const matching = this.current().filter(
      (snapshot) =>
        (sandboxId === undefined || snapshot.sandboxId === sandboxId) &&
        (wanted === undefined || isNamed(snapshot, wanted)) &&
        // A name without a tag is the name with any tag.
        (wanted?.tag === undefined || snapshot.tag === wanted.tag),
    );
    return pageOf(matching, page, ({ createdAt, storageId }) => ({ at: createdAt, id: storageId }));
  }

  /** What a create is to start from; undefined when the name is not a snapshot's. */
  resolve(reference: TemplateName): Snapshot | undefined {
    const { alias, tag = DEFAULT_TAG } = reference;
    if (this.deletedNames.has(alias)) throw templateNotFound(alias);
    const ofName = this.current().filter((snapshot) => isNamed(snapshot, reference));
    if (ofName.length === 0) return undefined;
    const found = ofName.find((snapshot) => snapshot.tag === tag);
    if (found) return found;
    throw new ApiError(404, `tag '${tag}' does not exist for template '${alias}'`);
  }

  /** The name with all its tags, as E2B deletes templates. */
  async delete(reference: string): Promise<void> {
    const name = readTemplateName(reference, "Invalid template ID");
    const doomed = this.made.filter((snapshot) => isNamed(snapshot, name));
    const [first] = doomed;
    if (!first) throw templateNotFound(name.alias);
    const use = this.options.fleet.standingOn(first.templateId);
    if (use) throw inUse(first.templateId, use);
    this.made = this.made.filter((snapshot) => !doomed.includes(snapshot));
    this.deletedNames.add(first.templateId);
    if (first.alias !== undefined) this.deletedNames.add(first.alias);
    await Promise.all(doomed.map(({ storageId }) => this.options.machines.removeSnapshot(storageId)));
  }

  private current(): readonly Snapshot[] {
    const keyOf = ({ templateId, tag }: Snapshot) => `${templateId}:${tag}`;
    return [...new Map(this.made.map((snapshot) => [keyOf(snapshot), snapshot])).values()];
  }
}

/** As the API names it, and as create takes it. */
export function snapshotIdOf({ templateId, alias, tag }: Snapshot): string {
  return `${alias === undefined ? templateId : `${TEAM}/${alias}`}:${tag}`;
}

export function templateNotFound(name: string): ApiError {
  return new ApiError(404, `template '${name}' not found`);
}

function isNamed({ templateId, alias }: Snapshot, name: TemplateName): boolean {
  if (name.team !== undefined && name.team !== TEAM) return false;
  return name.alias === alias || (name.team === undefined && name.alias === templateId);
}

function refuseUnlessRunning({ phase, identity: { sandboxId } }: SandboxLife): void {
  switch (phase.kind) {
    case "running":
      return;
    // E2B's store of running sandboxes does not hold these, and it snapshots no other.
    case "paused":
    case "resuming":
      throw sandboxNotFound(sandboxId);
    case "pausing":
    case "snapshotting":
    case "killing":
      throw new ApiError(409, `Sandbox '${sandboxId}' cannot be snapshotted while in '${phase.kind}' state`);
  }
}

function inUse(templateId: string, use: "running" | "paused"): ApiError {
  return new ApiError(
    400,
    `cannot delete template '${templateId}' because there are ${use} sandboxes using it`,
  );
}
