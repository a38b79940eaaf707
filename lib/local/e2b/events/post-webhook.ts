/**
 * Owns one POST to a webhook's address. It must never follow a redirect: that could lead off this machine. Rejects when
 * nobody answers in time, by real time, as a socket is waited for.
 */
const PATIENCE_MS = 10_000;

/** True for a 2xx. */
export async function postWebhook(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  await response.body?.cancel();
  return response.ok;
}
