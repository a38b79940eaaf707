/** Owns reading JSON from apps that may answer anything, such as an error page. Cannot fail; must never guess. */

/** The value, or null if the text is not JSON; the caller has the text and its status to speak of. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: an error page, say.
    return null;
  }
}
