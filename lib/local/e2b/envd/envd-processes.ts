/**
 * Owns envd's `process.Process` service: starting commands and terminals, following them, signals and the list
 * (e2b.md §3.5). It must never end a command because its client went away, and never signal a pid that is not a
 * command of this sandbox. Fails with `RpcError`s. What is sent to a command is `envd-input.ts`'s.
 */
import { statSync } from "node:fs";
import { z } from "zod";
import { RpcError, readStreamRequest, readUnary } from "@/lib/local/e2b/envd/connect-rpc";
import { type EnvdCall, timeoutOf } from "@/lib/local/e2b/envd/envd-call";
import { type EnvdStream, openStream } from "@/lib/local/e2b/envd/envd-stream";
import { type Command, CommandRefused } from "@/lib/local/e2b/machine/command";
import type { Selector } from "@/lib/local/e2b/machine/ended-commands";
import { sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";
import { homeOf } from "@/lib/local/e2b/machine/sandbox-user";
import type { CommandEnd } from "@/lib/local/e2b/machine/started-process";
import { TerminalsUnavailable } from "@/lib/local/e2b/machine/terminal";
import type { RunningCommand } from "@/lib/local/e2b/processes";
import { sendJson } from "@/lib/local/e2b/wire/answers";

/** By method name; a name that is in no such table is not offered. */
export const processMethods: Readonly<Record<string, (call: EnvdCall) => Promise<void>>> = {
  Start: start,
  Connect: connect,
  List: list,
  SendSignal: sendSignal,
};

const configShape = z.object({
  cmd: z.string(),
  args: z.array(z.string()).default([]),
  envs: z.record(z.string(), z.string()).default({}),
  cwd: z.string().optional(),
});
/** A terminal cannot count further than 16 bits. */
const cells = z.int().nonnegative().max(65_535).default(0);
export const terminalShape = z.object({ size: z.object({ cols: cells, rows: cells }).optional() });
const startShape = z.object({
  process: configShape,
  stdin: z.boolean().optional(),
  pty: terminalShape.optional(),
  tag: z.string().optional(),
});
export const selectorShape = z.union([z.object({ pid: z.int() }), z.object({ tag: z.string() })]);
const selectedShape = z.object({ process: selectorShape });
const signalShape = z.object({
  process: selectorShape,
  signal: z.enum(["SIGNAL_SIGKILL", "SIGNAL_SIGTERM"]),
});

async function start(call: EnvdCall): Promise<void> {
  const asked = await readStreamRequest(call.request, startShape);
  call.refuseUnlessRunning();
  const command = await run(call, asked);
  // Its deadline is the command's own: the lifetime.
  follow(openStream(call, { ping: PING, deadlineMs: undefined }), command);
}

async function connect(call: EnvdCall): Promise<void> {
  const { process } = await readStreamRequest(call.request, selectedShape);
  call.refuseUnlessRunning();
  const running = find(call, process);
  const ended = running ? undefined : call.machine.ended.find(process);
  if (!running && !ended) throw notFound(process);
  const wire = openStream(call, { ping: PING, deadlineMs: timeoutOf(call.request) });
  if (running) follow(wire, running.command);
  if (ended) {
    wire.send(startEvent(ended.pid));
    sendEnd(wire, ended.end);
  }
}

async function list(call: EnvdCall): Promise<void> {
  const processes = [...call.machine.commands].map(([pid, { asked }]) => ({
    pid,
    config: asked.config,
    ...(asked.tag === undefined ? {} : { tag: asked.tag }),
  }));
  sendJson(call.response, 200, { processes });
}

async function sendSignal(call: EnvdCall): Promise<void> {
  const { process, signal } = await readUnary(call.request, signalShape);
  const { command } = select(call, process);
  if (!command.signal(signal === "SIGNAL_SIGKILL" ? "SIGKILL" : "SIGTERM")) {
    throw notFound({ pid: command.pid });
  }
  sendJson(call.response, 200, {});
}

async function run(call: EnvdCall, asked: z.infer<typeof startShape>): Promise<Command> {
  const { process, pty, stdin, tag } = asked;
  try {
    return await call.machines.run(call.machine, {
      program: process.cmd,
      args: process.args,
      refuseUnlessRunning: call.refuseUnlessRunning,
      cwd: workingFolder(call, process.cwd),
      user: call.user,
      envs: process.envs,
      // An older SDK leaves it out and expects to be able to write.
      takesInput: stdin ?? true,
      terminal: pty && { columns: pty.size?.cols ?? 0, rows: pty.size?.rows ?? 0 },
      lifetimeMs: timeoutOf(call.request),
      asked: { config: process, tag },
    });
  } catch (error) {
    if (error instanceof CommandRefused) throw new RpcError("invalid_argument", error.message);
    if (error instanceof TerminalsUnavailable) throw new RpcError("unimplemented", error.message);
    throw error;
  }
}

function workingFolder(call: EnvdCall, cwd: string | undefined): string {
  const { inside, outside } = sandboxPath(call.root, cwd ?? "", homeOf(call.user));
  if (!statSync(outside, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RpcError("invalid_argument", `cwd '${inside}' does not exist`);
  }
  return inside;
}

/** The first message is always `start`; a later listener gets only what comes from now on (e2b.md §3.5). */
function follow(wire: EnvdStream, command: Command): void {
  wire.send(startEvent(command.pid));
  const stopListening = command.listen({
    onOutput: (name, bytes) => wire.send({ event: { data: { [name]: bytes.toString("base64") } } }),
    onEnd: (end) => sendEnd(wire, end),
    onCut: (why) => wire.cut(why),
  });
  wire.whenClosed(stopListening);
}

const PING = { event: { keepalive: {} } };

function startEvent(pid: number) {
  return { event: { start: { pid } } };
}

function sendEnd(wire: EnvdStream, end: CommandEnd): void {
  const failed = !end.exited || end.exitCode !== 0;
  wire.send({ event: { end: { ...end, ...(failed ? { error: end.status } : {}) } } });
  wire.end();
}

/** Throws `RpcError` not_found, and as `refuseUnlessRunning`: a command that stands still is not to be touched. */
export function select(call: EnvdCall, selector: Selector): RunningCommand {
  call.refuseUnlessRunning();
  const found = find(call, selector);
  if (!found) throw notFound(selector);
  return found;
}

function find({ machine: { commands } }: EnvdCall, selector: Selector): RunningCommand | undefined {
  if ("pid" in selector) return commands.get(selector.pid);
  return [...commands.values()].find(({ asked }) => asked.tag === selector.tag);
}

function notFound(selector: Selector): RpcError {
  const which = "pid" in selector ? `pid ${selector.pid}` : `tag ${selector.tag}`;
  return new RpcError("not_found", `process with ${which} not found`);
}
