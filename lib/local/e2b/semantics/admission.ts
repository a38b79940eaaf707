/**
 * Owns what E2B's proxy decides before traffic reaches a sandbox (e2b.md §2.6 and §3.6): envd's calls and preview
 * requests alike. Types only; `traffic.ts` decides.
 */
import type { ApiError } from "@/lib/local/e2b/semantics/api-error";

export type Traffic =
  /** A call to envd, which has its own token and looks at it itself; without it a call wakes nothing. */
  | { readonly kind: "envd"; readonly isAuthorized: boolean }
  /** A request to a port; `accessToken` is its `e2b-traffic-access-token` header. */
  | { readonly kind: "preview"; readonly accessToken: string | undefined };

export type Admission =
  /** It runs now, woken by this traffic or not. */
  | { readonly kind: "open" }
  /** No such sandbox, or it rests and traffic does not wake it: 502. */
  | { readonly kind: "not-found" }
  /** In the middle of a change that was not awaited: 409. */
  | { readonly kind: "changing" }
  /** Public traffic is not allowed and the token is missing or wrong: 403. */
  | { readonly kind: "forbidden" }
  /** It would have been woken, and the plan has no room: 429. */
  | { readonly kind: "over-limit"; readonly error: ApiError };
