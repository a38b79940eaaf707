/**
 * Owns cloud mode on the way to an app: requests are signed, and answers count only with the app's own signature
 * (inngest.md §3.6). It must never pass on an unsigned answer, except 401, which is how an app says that it has other
 * keys. Fails by rejecting: `UnsignedAnswerError` for an answer that looks like success, an ordinary error otherwise.
 */
import { canonicalJson } from "./canonical-json";
import { HEADER } from "./protocol";
import { isSignedWith, type SigningKeys, signatureOf } from "./signature";
import { unwrapStream } from "./streamed-answer";
import type { Transport, TransportRequest, TransportResponse } from "./transport";

export class UnsignedAnswerError extends Error {
  override readonly name = "UnsignedAnswerError";
}

/** `now` is the machine's clock: the SDK judges a signature's age by its own, however virtual the engine's time is. */
export function signedTransport(transport: Transport, keys: SigningKeys, now: () => number): Transport {
  const { signingKey, signingKeyFallback } = keys;
  const send = async (request: TransportRequest, key: string): Promise<TransportResponse> => {
    const signature = signatureOf(canonicalJson(JSON.parse(request.body)), key, now());
    const headers = { ...request.headers, [HEADER.signature]: signature };
    const response = unwrapStream(await transport({ ...request, headers }));
    if (response.status !== 401) mustBeSigned(response, key, now());
    return response;
  };
  return async (request) => {
    const response = await send(request, signingKey);
    const isRefused = response.status === 401 && signingKeyFallback !== undefined;
    return isRefused ? send(request, signingKeyFallback) : response;
  };
}

function mustBeSigned({ status, headers, body }: TransportResponse, key: string, now: number): void {
  if (isSignedWith(body, key, headers[HEADER.signature], now)) return;
  if (status >= 200 && status < 300)
    throw new UnsignedAnswerError(
      "the app's answer does not bear its signature; in cloud mode an app needs isDev false and the same signing key",
    );
  throw new Error(`the app answered ${status} without a signature: ${body.slice(0, 200)}`);
}
