/**
 * Owns the HTTP face of E2B's webhook, as a fetch-style handler: read → verify → parse → compare → send on → respond. It must
 * never act itself, believe what is not signed, or read more of a body than a payload can have. E2B sends again what is
 * not answered with 2xx (three times, ten seconds apart), so everything that is understood is, and only what could not
 * be kept is not. Fails closed: unsigned is 401, what is no payload 400, and 503 when Redis or Inngest did not answer.
 */
import { EventsUnreachableError, InvalidRequestError } from "@/lib/errors";
import { parseScope, type SandboxId, type Scope, sandboxIdSchema } from "@/lib/ids";
import type { Log } from "@/lib/log";
import type { Snapshot } from "@/lib/preview/record";
import { type WhatMatters, whatItTells } from "@/lib/webhooks/echo";
import { readEvent, type SandboxEvent } from "@/lib/webhooks/sandbox-event";
import type { IsFromE2b } from "@/lib/webhooks/signature";
import { answerError, answerJson } from "./answers";
import { logFailure, notFound } from "./handlers";

export interface SandboxEventsParts {
  /** Absent: no secret was given, and nothing can be believed. */
  readonly isFromE2b?: IsFromE2b | undefined;
  /** Whose sandboxes are ours, by their labels. */
  readonly app: string;
  readonly env: string;
  readonly policy: WhatMatters;
  readonly log: Log;
  /** Whose sandbox it is or was, where a record named it. */
  ofSandbox(sandboxId: SandboxId): Promise<Scope | undefined>;
  previewIdOf(scope: Scope): string;
  read(scope: Scope): Promise<Snapshot>;
  /** False when Inngest did not take it. */
  sendOn(scope: Scope, event: SandboxEvent): Promise<boolean>;
}

export interface SandboxEventsHandler {
  /** POST by E2B: something happened to a sandbox. Answers `{kind}`, which says what it meant to us. */
  sandboxEvents(request: Request): Promise<Response>;
}

/** Metadata is the only part of any length. */
const MOST_BODY_BYTES = 64 * 1024;

export function createSandboxEvents(parts: SandboxEventsParts): SandboxEventsHandler {
  const { isFromE2b, log } = parts;
  return {
    async sandboxEvents(request) {
      if (!isFromE2b) return answerJson(404, { error: notConfigured });
      if (request.method !== "POST") return answerJson(405, { error: onlyPost });
      try {
        const rawBody = await readBounded(request);
        if (!isFromE2b(request.headers, rawBody)) {
          log.warn({ bytes: rawBody.byteLength }, "a webhook without a good signature was refused");
          return answerJson(401, { error: notSigned });
        }
        return answerJson(200, { kind: await take(parts, rawBody) });
      } catch (error) {
        logFailure(log, error, { route: "sandbox-events" });
        return answerError(error);
      }
    },
  };
}

/** What it meant; `news` is on its way to a durable function when this answers. */
async function take(
  parts: SandboxEventsParts,
  rawBody: Uint8Array,
): Promise<"ignored" | "foreign-app" | "echo" | "not-ours-to-judge" | "news"> {
  const read = readEvent(parseStrictly(rawBody));
  if (read.kind === "junk") throw new InvalidRequestError("the body is no lifecycle event.");
  if (read.kind === "ignored") return "ignored";
  const { event } = read;
  const scope = ourScope(parts, event) ?? (await adoptedScope(parts, event));
  if (!scope) return "foreign-app";
  const { kind } = whatItTells(event.change, await parts.read(scope), parts.policy);
  const { sandboxId, type } = event.change;
  parts.log.info({ previewId: parts.previewIdOf(scope), sandboxId, type, kind }, "heard of a sandbox");
  if (kind !== "news") return kind;
  if (!(await parts.sendOn(scope, event))) throw new EventsUnreachableError("e2b/sandbox.changed");
  return "news";
}

/** One account serves many apps and environments, and its webhook tells of all of their sandboxes. */
function ourScope(
  { app, env, previewIdOf }: SandboxEventsParts,
  { labels }: SandboxEvent,
): Scope | undefined {
  if (labels.app !== app || labels.env !== env) return undefined;
  const scope = parseScope(labels.projectId, labels.userId);
  return labels.previewId === previewIdOf(scope) ? scope : undefined;
}

/** One that a product made itself and gave to a preview has no labels of ours; whose it is was written with that. */
async function adoptedScope(
  parts: SandboxEventsParts,
  { labels, change }: SandboxEvent,
): Promise<Scope | undefined> {
  const hasLabels = labels.app !== undefined || labels.env !== undefined;
  if (hasLabels) return undefined;
  const sandboxId = sandboxIdSchema.safeParse(change.sandboxId).data;
  return sandboxId && parts.ofSandbox(sandboxId);
}

/** A length that is told is refused before anything is read; one that is not, as soon as it is too long. */
async function readBounded(request: Request): Promise<Uint8Array> {
  const tooLong = new InvalidRequestError("the body is too long.");
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BODY_BYTES) throw tooLong;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > MOST_BODY_BYTES) {
      await reader.cancel();
      throw tooLong;
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks);
}

/** Strict about UTF-8 and JSON: the signature's scheme relies on it (signature.ts). */
function parseStrictly(rawBody: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(rawBody));
  } catch (error) {
    throw new InvalidRequestError("the body is not JSON.", error);
  }
}

const notConfigured = { ...notFound, message: "No secret of a webhook is configured here." };
const onlyPost = { code: "method", message: "Events are posted." };
const notSigned = {
  code: "not-signed",
  message: "The signature is not E2B's, or not of a secret known here.",
};
