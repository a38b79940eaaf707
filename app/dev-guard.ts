/**
 * Owns who may call Inngest's route while it runs in dev mode, where the SDK checks no signature: programs of this
 * machine. A page in the developer's browser is one of another origin or sends no JSON, and a name that merely resolves
 * here is no loopback host. In production the signature decides, and this refuses nothing. Fails closed.
 */

/** Why the request is refused, or undefined. */
export function refusalInDev(request: Request, inngestDev: string | undefined): string | undefined {
  if (!inngestDev || inngestDev === "0" || inngestDev === "false") return undefined;
  const host = request.headers.get("host") ?? "";
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host))
    return "In dev mode only this machine is answered.";
  if (request.headers.get("origin") !== null) return "In dev mode no page is answered.";
  const isJson = request.headers.get("content-type")?.toLowerCase().startsWith("application/json") ?? false;
  return request.method === "GET" || isJson ? undefined : "The body has to be application/json.";
}
