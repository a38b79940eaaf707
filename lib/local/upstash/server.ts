/**
 * Owns the REST front: Upstash's `POST /`, `/pipeline` and `/multi-exec` before any engine, on 127.0.0.1 only.
 * What it does not know (path-style commands, /subscribe, /monitor, …) answers 501 and is logged. It must never log
 * arguments. Fails closed: a body that is no command is 400, an engine that is gone is 500.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { Log } from "@/lib/log";
import { allowedCommands, refuseCommand } from "./allowed-commands";
import type { Command, RedisEngine } from "./engine";
import { errorReply, type Reply } from "./reply";
import { refuseRequest } from "./request-guard";
import { commandSchema, commandsSchema, type Encoding, formatReply, type RestAnswer } from "./rest-format";

export interface RestServer {
  readonly port: number;
  commandCounts(): Record<string, number>;
  close(): Promise<void>;
}

export interface RestServerOptions {
  readonly engine: RedisEngine;
  readonly token: string;
  readonly log: Log;
  /** 0 for a free one. */
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly body: RestAnswer | readonly RestAnswer[];
}

/** Upstash's own limit of a request is larger on paid plans; this is a guard against runaways. */
const maxBodyBytes = 10 * 1024 * 1024;

export async function startRestServer(options: RestServerOptions): Promise<RestServer> {
  const counts = new Map<string, number>();
  const count = (commands: readonly Command[]) => {
    for (const [name] of commands) {
      if (allowedCommands.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  const server = createServer((request, response) => {
    answer(request, options, count).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : "unknown";
        options.log.error({ reason }, "The local Upstash failed to answer");
        send(response, 500, { error: "ERR the local Upstash failed" });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  return {
    port: portOf(server.address()),
    commandCounts: () => Object.fromEntries(counts),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type CountCommands = (commands: readonly Command[]) => void;

async function answer(
  request: IncomingMessage,
  { engine, token, log }: RestServerOptions,
  count: CountCommands,
): Promise<Answer> {
  const refusal = refuseRequest(request.headers, token);
  if (refusal !== undefined) return { status: refusal.status, body: { error: refusal.error } };
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  const encoding: Encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "text";
  const route = request.method === "POST" ? routes[path] : undefined;
  if (route === undefined) {
    log.warn(
      { method: request.method, path: firstSegment(path) },
      "The local Upstash was asked for what it lacks",
    );
    return { status: 501, body: { error: `ERR ${request.method} ${path} is not part of the local Upstash` } };
  }
  const body = await readBody(request);
  if (body === undefined) return { status: 413, body: { error: "ERR max request size exceeded" } };
  return route(parseJson(body), engine, encoding, count);
}

/** Path-style commands carry arguments in the path, and arguments do not belong into logs. */
const firstSegment = (path: string): string => `/${path.split("/")[1] ?? ""}`;

type Route = (
  body: unknown,
  engine: RedisEngine,
  encoding: Encoding,
  count: CountCommands,
) => Promise<Answer>;

const routes: Readonly<Record<string, Route | undefined>> = {
  async "/"(body, engine, encoding, count) {
    const parsed = commandSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse command");
    count([parsed.data]);
    const formatted = formatReply(await executeAllowed(engine, parsed.data), encoding);
    return { status: "error" in formatted ? 400 : 200, body: formatted };
  },

  async "/pipeline"(body, engine, encoding, count) {
    const parsed = commandsSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse pipeline request");
    count(parsed.data);
    const replies: Reply[] = [];
    for (const command of parsed.data) replies.push(await executeAllowed(engine, command));
    return { status: 200, body: replies.map((reply) => formatReply(reply, encoding)) };
  },

  async "/multi-exec"(body, engine, encoding, count) {
    const parsed = commandsSchema.safeParse(body);
    if (!parsed.success) return badRequest("ERR failed to parse transaction request");
    count(parsed.data);
    const refusals = parsed.data.map(([name, ...args]) => refuseCommand(name, args.length));
    if (refusals.some((refusal) => refusal !== undefined)) {
      return badRequest("EXECABORT Transaction discarded because of previous errors.");
    }
    const replies = await engine.executeAtomically(parsed.data);
    return { status: 200, body: replies.map((reply) => formatReply(reply, encoding)) };
  },
};

function executeAllowed(engine: RedisEngine, command: Command): Promise<Reply> {
  const [name, ...args] = command;
  const refusal = refuseCommand(name, args.length);
  return refusal === undefined ? engine.execute(command) : Promise.resolve(errorReply(refusal));
}

const badRequest = (error: string): Answer => ({ status: 400, body: { error } });

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

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The local Upstash has no TCP port.");
  return address.port;
}
