/**
 * Owns a sandbox port whose only sandbox is a folder with a real shell in it: for tests of what scripts and files do,
 * where the life of a sandbox is nobody's business. Everything about that life rejects.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { sandboxIdSchema } from "@/lib/ids";
import type { Sandboxes, WorkspaceFile } from "@/lib/sandbox/port";

/** Any id: it is not looked at. */
export const someSandbox = sandboxIdSchema.parse("iabcdefghij0123456789");

/** A new empty folder, gone when the test ends. */
export async function emptyHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "rekindle-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** `environment` is seen by scripts beside their own variables. */
export function homeOnDisk(home: string, environment: Readonly<Record<string, string>> = {}): Sandboxes {
  const notHere = () => Promise.reject(new Error("this home has no life of its own"));
  return {
    create: notHere,
    connect: notHere,
    reboot: notHere,
    observe: notHere,
    labelsOf: notHere,
    extend: notHere,
    pause: notHere,
    kill: notHere,
    find: notHere,
    listPage: notHere,
    count: notHere,
    snapshotsOf: notHere,
    deleteSnapshot: notHere,
    startInBackground: notHere,
    async writeFiles(_sandboxId, files) {
      for (const { path, content } of files) {
        await mkdir(dirname(join(home, path)), { recursive: true });
        await writeFile(join(home, path), content);
      }
    },
    async readFiles(_sandboxId, paths) {
      const read = paths.map(async (path): Promise<WorkspaceFile[]> => {
        try {
          return [{ path, content: await readFile(join(home, path)) }];
        } catch (error) {
          if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
          throw error;
        }
      });
      return (await Promise.all(read)).flat();
    },
    async run(_sandboxId, script, { variables, deadlineMs }) {
      const { stdout } = await promisify(execFile)("bash", ["-c", script], {
        cwd: home,
        env: { ...process.env, ...environment, HOME: home, ...variables },
        timeout: deadlineMs,
        maxBuffer: 64 * 1024 * 1024,
      });
      return { exitCode: 0, stdout };
    },
  };
}
