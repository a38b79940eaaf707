/**
 * Owns the form in which the stand-in carries Redis strings: one UTF-16 unit per byte ("latin1"). Redis strings are
 * bytes; in this form they are safe as Map keys, compare in Redis's byte order and go in and out of Lua unchanged.
 * It must never mix with ordinary text: convert at the edges (JSON, error texts). Cannot fail.
 */
export type Bytes = string;

export const bytesFromText = (text: string): Bytes =>
  isShortAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");

export const textFromBytes = (bytes: Bytes): string =>
  isShortAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");

/** Up to here looking is faster than converting; nearly all that passes is shorter. */
const LONGEST_LOOKED_AT = 256;
const LAST_OF_ASCII = 127;

/** The same in both forms. */
function isShortAscii(text: string): boolean {
  if (text.length > LONGEST_LOOKED_AT) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > LAST_OF_ASCII) return false;
  }
  return true;
}
