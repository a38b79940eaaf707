/**
 * Owns how a preview's address and its sandbox belong together, both ways, by one template. Pure; cannot fail: an
 * address of anything else names no sandbox.
 */
import { type SandboxId, sandboxIdSchema } from "./ids";

export interface PreviewAddress {
  of(sandboxId: SandboxId, port: number): string;
  /** The sandbox that an address names, of whatever port and path, with http or https or neither. */
  sandboxIn(address: string): SandboxId | undefined;
}

/** `{port}` and `{sandboxId}` stand for theirs, as in `https://{port}-{sandboxId}.e2b.app`. */
export function previewAddress(template: string): PreviewAddress {
  const pattern = patternOf(template);
  return {
    of: (sandboxId, port) => template.replace("{sandboxId}", sandboxId).replace("{port}", String(port)),
    sandboxIn: (address) => sandboxIdSchema.safeParse(pattern.exec(address)?.groups?.sandboxId).data,
  };
}

function patternOf(template: string): RegExp {
  const source = template
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "")
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace("{port}", "\\d{1,5}")
    .replace("{sandboxId}", "(?<sandboxId>[a-z0-9]{4,40})");
  return new RegExp(`^(?:https?://)?${source}(?:[/?#]|$)`);
}
