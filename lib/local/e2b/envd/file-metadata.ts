/**
 * Owns what a client attaches to a file in `X-Metadata-*` headers: extended attributes named `user.e2b.<key>`, as
 * envd keeps them (INFRA shared/pkg/filesystem/xattr.go), so they go where the file goes and end with it, and a
 * process of the sandbox can set them too. It must never stop a file from being read or listed. Where this machine has
 * no binary for them, or the folder's file system has none, a file with metadata is refused (501): E2B's disks always
 * have them.
 */
import { readdir } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { ApiError, notOffered } from "@/lib/local/e2b/semantics/api-error";

export type Metadata = Readonly<Record<string, string>>;

const HEADER_PREFIX = "x-metadata-";
const ATTRIBUTE_PREFIX = "user.e2b.";
/** Linux: 255 bytes for the whole name; ext4: one block for all of a file's attributes. */
const LONGEST_KEY = 255 - ATTRIBUTE_PREFIX.length;
const LONGEST_TOTAL = 4096;

/** Not a static import: there is no binary for every platform. */
const attributes = import("@napi-rs/xattr").catch(() => undefined);

/** Throws `ApiError` 400 for what could not be kept. */
export function readMetadataHeaders(headers: IncomingHttpHeaders): Metadata {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    name.startsWith(HEADER_PREFIX) && typeof value === "string" && name !== HEADER_PREFIX
      ? [[name.slice(HEADER_PREFIX.length), value]]
      : [],
  );
  let total = 0;
  for (const [key, value] of entries) {
    if (key.length > LONGEST_KEY) throw invalid(`key "${key}" exceeds ${LONGEST_KEY} bytes`);
    if (!/^[\x20-\x7e]*$/.test(value)) throw invalid(`value for key "${key}" is not printable ASCII`);
    total += ATTRIBUTE_PREFIX.length + key.length + value.length;
  }
  if (total > LONGEST_TOTAL) throw invalid(`its total size ${total} exceeds ${LONGEST_TOTAL} bytes`);
  return Object.fromEntries(entries);
}

/** Undefined for none. The path must hold no link. */
export async function metadataOf(outside: string): Promise<Metadata | undefined> {
  const library = await attributes;
  if (!library) return undefined;
  const metadata: Record<string, string> = {};
  try {
    for (const name of library.listAttributesSync(outside)) {
      const value = name.startsWith(ATTRIBUTE_PREFIX) ? library.getAttributeSync(outside, name) : null;
      const text = value && asText(value);
      if (text !== undefined && text !== null) metadata[name.slice(ATTRIBUTE_PREFIX.length)] = text;
    }
  } catch {
    // Gone meanwhile, or not to be read: what else is known of the entry is still true.
    return undefined;
  }
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}

/** Replaces all that the file had: an upload without metadata clears it. */
export async function replaceMetadata(outside: string, metadata: Metadata): Promise<void> {
  const library = await attributes;
  const keys = Object.keys(metadata);
  if (!library) {
    if (keys.length > 0) throw notOffered("metadata of files on this platform");
    return;
  }
  try {
    for (const name of library.listAttributesSync(outside)) {
      const isStale =
        name.startsWith(ATTRIBUTE_PREFIX) && !keys.includes(name.slice(ATTRIBUTE_PREFIX.length));
      if (isStale) library.removeAttributeSync(outside, name);
    }
    for (const [key, value] of Object.entries(metadata)) {
      library.setAttributeSync(outside, `${ATTRIBUTE_PREFIX}${key}`, value);
    }
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    if (keys.length > 0) throw notOffered("metadata of files on this file system");
  }
}

/** For a copy of a whole folder, which carries contents and times only. */
export async function copyMetadataBelow(from: string, to: string): Promise<void> {
  for (const found of await readdir(from, { withFileTypes: true })) {
    if (found.isDirectory()) await copyMetadataBelow(join(from, found.name), join(to, found.name));
    if (!found.isFile()) continue;
    const metadata = await metadataOf(join(from, found.name));
    if (metadata) await replaceMetadata(join(to, found.name), metadata);
  }
}

function invalid(why: string): ApiError {
  return new ApiError(400, `invalid metadata: ${why}`);
}

/** A process may set any bytes; what is not UTF-8 is left out, as JSON could not carry it. */
function asText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}

/** ENOTSUP on Linux and on macOS; the library tells errors by their text only. */
function isUnsupported(error: unknown): boolean {
  return error instanceof Error && /\(os error (95|45)\)/.test(error.message);
}
