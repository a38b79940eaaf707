/**
 * Owns a product's files in memory, with revisions that count up, as its port: strict about stale bases, and remembering
 * what it was asked. It must never accept a path that it would not load again.
 */
import { systemClock } from "@/lib/clock";
import { StaleBaseError } from "@/lib/errors";
import { projectIdSchema } from "@/lib/ids";
import { bytesOf } from "@/lib/workspace/base";
import type { FilesSource, ProjectChanges, ProjectFiles } from "@/lib/workspace/files";

export const site = projectIdSchema.parse("site");

export type Texts = Readonly<Record<string, string>>;

export const packageJson = JSON.stringify({
  scripts: { dev: "node server.js" },
  dependencies: { sirv: "3.0.2" },
});

export function product(first: Texts) {
  let files: Texts = first;
  let number = 1;
  const calls: string[] = [];
  const saved = new Set<string>();
  const revisionName = () => `r${number}`;
  const all = () => Object.entries(files).map(([path, content]) => ({ path, content }));
  const isIn = ({ changed, removed }: ProjectChanges) =>
    changed.every(({ path, content }) => files[path] === textOf(content)) &&
    removed.every((path) => files[path] === undefined);
  const port = {
    async revision() {
      calls.push("revision");
      return revisionName();
    },
    async load(_projectId: unknown, since?: string) {
      calls.push(since === undefined ? "load" : `load since ${since}`);
      return { revision: revisionName(), files: all(), isPartial: false };
    },
    async save(projectId: string, changes: ProjectChanges, base: string) {
      calls.push(`save on ${base}`);
      if (base !== revisionName()) {
        if (isIn(changes)) return revisionName();
        throw new StaleBaseError(projectId);
      }
      const kept = Object.entries(files).filter(([path]) => !changes.removed.includes(path));
      const changed = changes.changed.map(({ path, content }) => [path, textOf(content)]);
      files = Object.fromEntries([...kept, ...changed]);
      for (const { content } of changes.changed) saved.add(textOf(content));
      number += 1;
      return revisionName();
    },
  } satisfies ProjectFiles;
  return {
    port,
    calls,
    files: () => files,
    /** Every content that was ever taken in by a save. */
    everSaved: (): ReadonlySet<string> => saved,
    /** As a person in the product's editor does it. */
    become(next: Texts): void {
      files = next;
      number += 1;
    },
    source: (files: ProjectFiles = port): FilesSource => ({ files, clock: systemClock, deadlineMs: 20_000 }),
  };
}

const textOf = (content: Uint8Array | string): string => new TextDecoder().decode(bytesOf(content));
