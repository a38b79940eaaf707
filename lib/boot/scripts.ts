/**
 * Owns the two scripts that install and start a project, as they stand below `~/.rekindle`. Pure. Commands reach a shell
 * only as these files, never as interpolated text.
 */
import type { WorkspaceFile } from "@/lib/sandbox/port";
import type { Recipe } from "./recipe";

export const INSTALL_SCRIPT = ".rekindle/install.sh";
export const START_SCRIPT = ".rekindle/start.sh";

export function scriptsOf({ install, start, port }: Recipe): WorkspaceFile[] {
  const script = (command: string) => new TextEncoder().encode(`export PORT=${port}\n${command}\n`);
  return [
    { path: INSTALL_SCRIPT, content: script(install ?? "true") },
    { path: START_SCRIPT, content: script(start) },
  ];
}
