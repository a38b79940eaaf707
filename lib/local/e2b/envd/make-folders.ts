/**
 * Owns making a folder with all that lead to it, and the true reason when that fails. It must never hide one behind
 * another.
 */
import { mkdir } from "node:fs/promises";

export async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    // Node says ENOENT of a read-only file system when it makes folders recursively (20.20, seen 2026-11-24).
    if (error instanceof Error && "code" in error && error.code === "ENOENT") await mkdir(folder);
    throw error;
  }
}
