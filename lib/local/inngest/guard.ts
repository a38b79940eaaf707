/**
 * Owns who may talk to the engine: programs on this machine, and the engine's own pages. Its event route takes any key,
 * so what keeps web pages out is this: a loopback `Host` (against DNS rebinding), no foreign `Origin`, and JSON bodies
 * only, which a page cannot send across origins without asking first (and no CORS answer ever allows it). The buttons
 * of the engine's own pages post forms, which any page may send: there the engine's own `Origin` must be present, and
 * `pages/page-key.ts` asks for a key besides. Fails closed.
 */
import { isJson, isLoopbackHost } from "@/lib/local/loopback";

export interface GuardedRequest {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

export type Refusal = { readonly status: 403 | 415; readonly sentence: string };

/** Why the request is refused, or null. `takes` is the kind of body that its path is for. */
export function refusalOf({ method, headers }: GuardedRequest, takes: "json" | "form"): Refusal | null {
  const host = headers.host ?? "";
  if (!isLoopbackHost(host)) return { status: 403, sentence: `Host ${host} is not this machine` };
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, sentence: `Requests from pages of ${origin} are refused` };
  if (!BODY_METHODS.has(method)) return null;
  if (takes === "json")
    return isJson(headers["content-type"])
      ? null
      : { status: 415, sentence: "The body has to be application/json" };
  if (origin === undefined)
    return {
      status: 403,
      sentence: "Only the engine's own pages press their buttons; programs use the JSON API",
    };
  return isForm(headers["content-type"])
    ? null
    : { status: 415, sentence: "The body has to be application/x-www-form-urlencoded" };
}

const isForm = (contentType: string | undefined): boolean =>
  contentType?.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
