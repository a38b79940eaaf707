/**
 * Owns the REST front: Upstash's `POST /`, `/pipeline` and `/multi-exec` before a database, on 127.0.0.1 only.
 * What it does not know (path-style commands, /subscribe, /monitor, …) answers 501 and is logged. It must never log
 * arguments. Fails closed: a body that is no command is 400, an engine that is gone is 500.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { FaultStatus } from "@/lib/local/faults/shared-kinds";
import type { Log } from "@/lib/log";
import type { Database, Outcome } from "./database";
import { refuseRequest } from "./request-guard";
import { commandSchema, commandsSchema, type Encoding, formatReply, type RestAnswer } from "./rest-format";

export interface RestServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface RestServerOptions {
  readonly database: Database;
  readonly token: string;
  readonly log: Log;
  /** 0 for a free one. */
  readonly port: number;
}

type Answer =
  | {
      readonly kind: "json";
      readonly status: number;
      readonly body: RestAnswer | readonly RestAnswer[];
      readonly retryAfterSeconds?: number | undefined;
    }
  /** The connection ends without a word. */
  | { readonly kind: "drop" };

/** Upstash's own limit of a request is larger on paid plans; this is a guard against runaways. */
const maxBodyBytes = 10 * 1024 * 1024;

export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (given) => send(response, given),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : "unknown";
        options.log.error({ reason }, "The local Upstash failed to answer");
        send(response, json(500, { error: "ERR the local Upstash failed" }));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    port: portOf(server.address()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  { database, token, log }: RestServerOptions,
): Promise<Answer> {
  const refusal = refuseRequest(request.headers, token);
  if (refusal !== undefined) return json(refusal.status, { error: refusal.error });
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  const encoding: Encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "text";
  const route = request.method === "POST" ? routes[path] : undefined;
  if (route === undefined) {
    log.warn(
      { method: request.method, path: firstSegment(path) },
      "The local Upstash was asked for what it lacks",
    );
    return json(501, { error: `ERR ${request.method} ${path} is not part of the local Upstash` });
  }
  const body = await readBody(request);
  if (body === undefined) return json(413, { error: "ERR max request size exceeded" });
  return route(parseJson(body), database, encoding);
}

/** Path-style commands carry arguments in the path, and arguments do not belong into logs. */
const firstSegment = (path: string): string => `/${path.split("/")[1] ?? ""}`;

type Route = (body: unknown, database: Database, encoding: Encoding) => Promise<Answer>;

const routes: Readonly<Record<string, Route | undefined>> = {
  async "/"(body, database, encoding) {
    const parsed = commandSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse command");
    const outcome = await database.ask({ kind: "pipeline", commands: [parsed.data] });
    return answerOf(outcome, encoding, ([only = { error: "ERR no reply" }]) =>
      json("error" in only ? 400 : 200, only),
    );
  },

  async "/pipeline"(body, database, encoding) {
    const parsed = commandsSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse pipeline request");
    const outcome = await database.ask({ kind: "pipeline", commands: parsed.data });
    return answerOf(outcome, encoding, (answers) => json(200, answers));
  },

  async "/multi-exec"(body, database, encoding) {
    const parsed = commandsSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse transaction request");
    const outcome = await database.ask({ kind: "transaction", commands: parsed.data });
    return answerOf(outcome, encoding, (answers) => json(200, answers));
  },
};

function answerOf(
  outcome: Outcome,
  encoding: Encoding,
  present: (answers: readonly RestAnswer[]) => Answer,
): Answer {
  switch (outcome.kind) {
    case "answered":
      return present(outcome.replies.map((reply) => formatReply(reply, encoding)));
    case "aborted":
      return badRequest("EXECABORT Transaction discarded because of previous errors.");
    case "failed":
      return { ...injected(outcome.status), retryAfterSeconds: outcome.retryAfterSeconds };
    case "dropped":
      return { kind: "drop" };
  }
}

const json = (status: number, body: RestAnswer | readonly RestAnswer[]) =>
  ({ kind: "json", status, body }) as const;

/** Says that it was made up. */
const injected = (status: FaultStatus) => json(status, { error: `ERR Injected fault: ${status}` });

const badRequest = (error: string): Answer => json(400, { error });

/** undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Buffer).parse(chunk);
    size += bytes.length;
    // What is too much is read to its end and dropped: leaving early would cut the connection before the answer.
    if (size <= maxBodyBytes) chunks.push(bytes);
  }
  return size > maxBodyBytes ? undefined : Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is answered like any other body that is no command.
    return undefined;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  if (answer.kind === "drop") {
    response.destroy();
    return;
  }
  const { status, body, retryAfterSeconds } = answer;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  });
  response.end(text);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The local Upstash has no TCP port.");
  return address.port;
}
