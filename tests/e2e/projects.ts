/**
 * Owns the projects that these tests open: small enough to need no network, each with the one fault that its test is
 * about, and a files port over them that can be told to fail. A project can be changed while it is known, as a person
 * mends it. Data and a port; fails only where a test asked for it.
 */
import { createHash } from "node:crypto";
import { UnknownProjectError } from "@/lib/errors";
import type { ProjectFiles } from "@/lib/index";

export type Project = Readonly<Record<string, string>>;

export interface Projects {
  readonly files: ProjectFiles;
  put(projectId: string, project: Project): void;
  /** The next calls of the port for this project throw what a database that is down throws. */
  failCalls(projectId: string, times: number): void;
}

export function knownProjects(): Projects {
  const known = new Map<string, Project>();
  const failuresLeft = new Map<string, number>();

  function find(projectId: string): Project {
    const left = failuresLeft.get(projectId) ?? 0;
    if (left > 0) {
      failuresLeft.set(projectId, left - 1);
      throw new Error("connection to the projects' database was refused");
    }
    const project = known.get(projectId);
    if (!project) throw new UnknownProjectError(projectId);
    return project;
  }

  return {
    put: (projectId, project) => void known.set(projectId, project),
    failCalls: (projectId, times) => void failuresLeft.set(projectId, times),
    files: {
      revision: async (projectId) => revisionOf(find(projectId)),
      async load(projectId) {
        const project = find(projectId);
        const files = Object.entries(project).map(([path, content]) => ({ path, content }));
        return { revision: revisionOf(project), files };
      },
    },
  };
}

const revisionOf = (project: Project): string =>
  createHash("sha256").update(JSON.stringify(project)).digest("hex").slice(0, 16);

/** A package.json; `manifest` is what stands beside the scripts. */
export const packageJson = (
  scripts: Readonly<Record<string, string>>,
  manifest: Readonly<Record<string, unknown>> = {},
): string => JSON.stringify({ name: "project", version: "1.0.0", private: true, scripts, ...manifest });

/** A dependency inside the project itself: makes a real package manager install something, without a network. */
export const localDependency = {
  manifest: { dependencies: { greeting: "file:./greeting" } },
  files: { "greeting/package.json": JSON.stringify({ name: "greeting", version: "1.0.0" }) },
} as const;

/** Answers `{pid, says}` at every path. */
export const serverSource = (says: string): string => `
import { createServer } from "node:http";
createServer((request, response) => response.end(JSON.stringify({ pid: process.pid, says: ${JSON.stringify(says)} })))
  .listen(process.env.PORT, () => console.log("listening"));
`;

export const workingProject = (says = "hello"): Project => ({
  "package.json": packageJson({ dev: "node server.mjs" }),
  "server.mjs": serverSource(says),
});
