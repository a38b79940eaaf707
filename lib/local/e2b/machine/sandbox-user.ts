/**
 * Owns the users of a sandbox: `user`, who is meant when nobody is named, and `root`. A user decides what a relative
 * path counts from and what a command finds in HOME and USER; nothing more, as every process runs as the developer.
 * Pure; who does not exist is undefined.
 */
import { HOME, HOME_OF_ROOT } from "@/lib/local/e2b/machine/sandbox-paths";

export type SandboxUser = "user" | "root";

export function findUser(name: string): SandboxUser | undefined {
  return name === "user" || name === "root" ? name : undefined;
}

export function homeOf(user: SandboxUser): string {
  switch (user) {
    case "user":
      return HOME;
    case "root":
      return HOME_OF_ROOT;
  }
}

/** The name in `Authorization: Basic`, whose password is empty (e2b.md §3.2); undefined when there is none. */
export function nameInBasicAuth(authorization: string | undefined): string | undefined {
  const encoded = /^basic +([a-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  return Buffer.from(encoded, "base64").toString("utf8").split(":")[0];
}
