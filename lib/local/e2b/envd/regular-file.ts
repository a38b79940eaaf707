/**
 * Owns opening what a client names as a file: only a regular one. A FIFO would hold one of this process's few threads
 * until somebody opens its other end, and a handful of them all of its file work; envd has a thread for each. So it is
 * opened without waiting, and looked at again once it is open, as a process may have put something else in its place.
 * Fails with `ApiError` 400.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { SandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

const READING = constants.O_RDONLY;
/** Emptied in place: the name, its mode and who has it open stay. */
const WRITING = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;

/** To be closed by the caller, also by a stream that takes it over. */
export async function openRegularFile(place: SandboxPath, purpose: "read" | "write"): Promise<FileHandle> {
  const flags = (purpose === "read" ? READING : WRITING) | constants.O_NONBLOCK;
  const file = await open(place.outside, flags).catch((error: unknown) => {
    // A socket, or a FIFO that nobody reads.
    if (error instanceof Error && "code" in error && error.code === "ENXIO") throw notRegular(place);
    throw error;
  });
  try {
    if (!(await file.stat()).isFile()) throw notRegular(place);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

export function notRegular({ inside }: SandboxPath): ApiError {
  return new ApiError(400, `path '${inside}' is not a file`);
}
