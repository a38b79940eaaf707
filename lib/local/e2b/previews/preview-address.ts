/**
 * Owns reading which port of which sandbox a request means: from its host, or, where the host is this machine's own,
 * from the headers `E2b-Sandbox-Id` and `E2b-Sandbox-Port` (e2b.md §3.6). It must never read the headers under any other
 * name: E2B does so for every `sandbox.*`, but here a foreign name that resolves to loopback is a rebinding page, so
 * that only `sandbox.e2b.localhost` is left. Fails with the status and sentence to answer.
 */
import type { IncomingMessage } from "node:http";
import { isLoopbackHost } from "@/lib/local/loopback";

export interface PreviewAddress {
  readonly sandboxId: string;
  readonly port: number;
}

export type Reading =
  | { readonly kind: "address"; readonly address: PreviewAddress }
  | { readonly kind: "unreadable"; readonly status: 400 | 421; readonly message: string };

/** A client's id may stand behind the sandbox's, and is ignored. */
const PREVIEW_HOST = /^(\d{1,5})-([a-z0-9]+)(?:-[a-z0-9]+)?\.e2b\.localhost(?::\d+)?$/i;
const SHARED_HOST = /^sandbox\.e2b\.localhost(?::\d+)?$/i;
const SANDBOX_ID = /^([a-z0-9]+)(?:-[a-z0-9]+)?$/i;
const PORT = /^\d{1,5}$/;

export function readAddress(request: IncomingMessage): Reading {
  const { host } = request.headers;
  const match = PREVIEW_HOST.exec(host ?? "");
  if (match) return addressOf(match[2] ?? "", match[1] ?? "");
  const isRouted = isLoopbackHost(host) || SHARED_HOST.test(host ?? "");
  const [sandboxId, port] = [headerOf(request, "e2b-sandbox-id"), headerOf(request, "e2b-sandbox-port")];
  if (!isRouted || (sandboxId === undefined && port === undefined)) {
    return unreadable(421, "Expected a host like 3000-<sandboxId>.e2b.localhost");
  }
  if (sandboxId === undefined) return unreadable(400, "Missing header: E2b-Sandbox-Id");
  if (port === undefined) return unreadable(400, "Missing header: E2b-Sandbox-Port");
  return addressOf(SANDBOX_ID.exec(sandboxId)?.[1], port);
}

function addressOf(sandboxId: string | undefined, port: string): Reading {
  if (sandboxId === undefined) return unreadable(400, "Invalid sandbox id");
  if (!PORT.test(port) || Number(port) > 65_535) return unreadable(400, "Invalid sandbox port");
  // Browsers write hosts in lower case, programs as they like.
  return { kind: "address", address: { sandboxId: sandboxId.toLowerCase(), port: Number(port) } };
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unreadable(status: 400 | 421, message: string): Reading {
  return { kind: "unreadable", status, message };
}
