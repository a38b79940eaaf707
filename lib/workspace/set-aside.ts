/**
 * Owns putting aside what was done in a sandbox and given back to nobody, before other files take its place: a copy
 * below `~/.rekindle/overwritten`. It must never remove anything. Fails with the port's errors and
 * `WorkspaceUnreadableError`; repeated, the same content is put aside once.
 */
import { WorkspaceUnreadableError } from "@/lib/errors";
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { nullEnded } from "./base";
import { defaultLimits } from "./limits";
import { changesSince, manifestOf } from "./manifest";
import { scanApp } from "./scan";
import { setAsideScript } from "./set-aside-script";

/** How many files stand aside in this folder; 0 where nothing differs from what was brought, or nothing was brought. */
export async function setAsideUnsaved(
  sandboxes: Sandboxes,
  target: { readonly sandboxId: SandboxId; readonly folder: string; readonly deadlineMs: number },
): Promise<number> {
  const { sandboxId, folder, deadlineMs } = target;
  const scan = await scanApp(sandboxes, defaultLimits, { sandboxId, deadlineMs, withSeal: false });
  if (!scan.base) return 0;
  const { changed } = changesSince(scan.base, manifestOf(scan, defaultLimits));
  if (changed.length === 0) return 0;
  const list = (name: string, paths: readonly string[]) => ({
    path: `.rekindle/sync/${name}`,
    content: nullEnded(paths),
  });
  await sandboxes.writeFiles(sandboxId, [list("ours", changed), list("incoming", []), list("outgoing", [])]);
  const variables = { ASIDE: `.rekindle/overwritten/${folder}` };
  const { exitCode, stdout } = await sandboxes.run(sandboxId, setAsideScript, { variables, deadlineMs });
  if (exitCode !== 0) throw new WorkspaceUnreadableError(sandboxId, exitCode);
  return Number(stdout);
}
