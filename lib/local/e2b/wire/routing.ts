/**
 * Owns finding the route that a request means, in a table of them. It must never guess: a path or a method that no
 * route names is undefined.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export interface RoutedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** From the path; empty for routes that name none. */
  readonly id: string;
}

export interface Route<Context> {
  /** For counting, and as the site of faults. */
  readonly kind: string;
  readonly method: string;
  /** Its first group is the id. */
  readonly path: RegExp;
  readonly answer: (call: RoutedCall, context: Context) => Promise<void> | void;
}

export interface FoundRoute<Context> {
  readonly kind: string;
  readonly id: string;
  readonly answer: Route<Context>["answer"];
}

export function findRoute<Context>(
  routes: readonly Route<Context>[],
  method: string,
  path: string,
): FoundRoute<Context> | undefined {
  for (const { kind, answer, ...route } of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match) return { kind, answer, id: match[1] ?? "" };
  }
  return undefined;
}
