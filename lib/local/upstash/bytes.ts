/**
 * Owns the form in which the stand-in carries Redis strings: one UTF-16 unit per byte ("latin1"). Redis strings are
 * bytes; in this form they are safe as Map keys, compare in Redis's byte order and go in and out of Lua unchanged.
 * It must never mix with ordinary text: convert at the edges (JSON, error texts). Cannot fail.
 */
export type Bytes = string;

export const bytesFromText = (text: string): Bytes => Buffer.from(text, "utf8").toString("latin1");

export const textFromBytes = (bytes: Bytes): string => Buffer.from(bytes, "latin1").toString("utf8");
