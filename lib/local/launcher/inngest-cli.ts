/**
 * Owns finding Inngest's own CLI on this machine: what `INNGEST_CLI` names, else `inngest-cli` or `inngest` on PATH (the npm
 * package installs the first name, Homebrew and the install script the second). It never runs anything. Says what it
 * found and where; what to do about it is decided in plan.ts.
 */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { findExecutable } from "@/lib/local/upstash/find-executable";

export type InngestCli =
  | { readonly kind: "found"; readonly executable: string; readonly by: "INNGEST_CLI" | "PATH" }
  /** `INNGEST_CLI=none`: the embedded engine is wanted although there may be a CLI. */
  | { readonly kind: "unwanted" }
  /** `INNGEST_CLI` names something that cannot be run. */
  | { readonly kind: "broken"; readonly named: string }
  | { readonly kind: "none" };

const NAMES = ["inngest-cli", "inngest"] as const;

export async function findInngestCli(named: string | undefined): Promise<InngestCli> {
  if (named === "none") return { kind: "unwanted" };
  if (named) {
    const executable = await runnable(named);
    return executable === undefined
      ? { kind: "broken", named }
      : { kind: "found", executable, by: "INNGEST_CLI" };
  }
  for (const name of NAMES) {
    const executable = await findExecutable(name);
    if (executable !== undefined) return { kind: "found", executable, by: "PATH" };
  }
  return { kind: "none" };
}

/** A path, or a name that a shell would find. */
async function runnable(named: string): Promise<string | undefined> {
  if (!isAbsolute(named) && !named.includes("/")) return findExecutable(named);
  const path = resolve(named);
  return access(path, constants.X_OK).then(
    () => path,
    () => undefined,
  );
}
