/**
 * Owns envd's `process.Process` service: starting commands, their streams, signals and input (e2b.md §3.5). It must
 * never end a command because its client went away, and never signal a pid that is not a command of this sandbox.
 * Fails with `RpcError`s; terminals and what else is not there answer `unimplemented`.
 */
import { statSync } from "node:fs";
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import { sendJson } from "@/lib/local/e2b/answers";
import { type Command, CommandRefused } from "@/lib/local/e2b/command";
import { RpcError, readStreamRequest, readUnary, ServerStream } from "@/lib/local/e2b/connect-rpc";
import type { EnvdCall } from "@/lib/local/e2b/envd-call";
import type { RunningCommand } from "@/lib/local/e2b/processes";
import { sandboxPath } from "@/lib/local/e2b/sandbox-paths";

/** By method name; a name that is not here is not offered. */
export const processMethods: Readonly<Record<string, (call: EnvdCall) => Promise<void>>> = {
  Start: start,
  Connect: connect,
  List: list,
  SendSignal: sendSignal,
  SendInput: sendInput,
  CloseStdin: closeStdin,
};

const configShape = z.object({
  cmd: z.string(),
  args: z.array(z.string()).default([]),
  envs: z.record(z.string(), z.string()).default({}),
  cwd: z.string().optional(),
});
const startShape = z.object({
  process: configShape,
  stdin: z.boolean().optional(),
  pty: z.unknown().optional(),
  tag: z.string().optional(),
});
const selectorShape = z.union([z.object({ pid: z.number().int() }), z.object({ tag: z.string() })]);
type Selector = z.infer<typeof selectorShape>;
const selectedShape = z.object({ process: selectorShape });
const signalShape = z.object({
  process: selectorShape,
  signal: z.enum(["SIGNAL_SIGKILL", "SIGNAL_SIGTERM"]),
});
const inputShape = z.object({
  process: selectorShape,
  input: z.object({ stdin: z.base64().optional(), pty: z.unknown().optional() }),
});

async function start(call: EnvdCall): Promise<void> {
  const asked = await readStreamRequest(call.request, startShape);
  if (asked.pty !== undefined) throw new RpcError("unimplemented", "Terminals (pty) are not offered");
  call.refuseUnlessRunning();
  const command = await run(call, asked);
  stream(call, command, "its lifetime is the command's");
}

async function connect(call: EnvdCall): Promise<void> {
  const { process } = await readStreamRequest(call.request, selectedShape);
  call.refuseUnlessRunning();
  stream(call, select(call, process).command, "its lifetime is its own");
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
    throw new RpcError("not_found", `process with pid ${command.pid} not found`);
  }
  sendJson(call.response, 200, {});
}

async function sendInput(call: EnvdCall): Promise<void> {
  const { process, input } = await readUnary(call.request, inputShape);
  if (input.pty !== undefined) throw new RpcError("unimplemented", "Terminals (pty) are not offered");
  const { command } = select(call, process);
  if (!command.write(Buffer.from(input.stdin ?? "", "base64"))) throw takesNoInput(command);
  sendJson(call.response, 200, {});
}

async function closeStdin(call: EnvdCall): Promise<void> {
  const { process } = await readUnary(call.request, selectedShape);
  const { command } = select(call, process);
  if (!command.closeInput()) throw takesNoInput(command);
  sendJson(call.response, 200, {});
}

async function run(call: EnvdCall, asked: z.infer<typeof startShape>): Promise<Command> {
  const { process, stdin, tag } = asked;
  try {
    return await call.machines.run(call.machine, {
      program: process.cmd,
      args: process.args,
      folder: workingFolder(call, process.cwd),
      envs: process.envs,
      // An older SDK leaves it out and expects to be able to write.
      takesInput: stdin ?? true,
      lifetimeMs: timeoutOf(call),
      asked: { config: process, tag },
    });
  } catch (error) {
    if (error instanceof CommandRefused) throw new RpcError("invalid_argument", error.message);
    throw error;
  }
}

function workingFolder(call: EnvdCall, cwd: string | undefined): string {
  const { inside, outside } = sandboxPath(call.machine.root, cwd ?? "");
  if (!statSync(outside, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RpcError("invalid_argument", `cwd '${inside}' does not exist`);
  }
  return outside;
}

/** The first message is always `start`; a later listener gets only what comes from now on (e2b.md §3.5). */
function stream(
  call: EnvdCall,
  command: Command,
  deadline: "its lifetime is the command's" | "its lifetime is its own",
): void {
  const wire = new ServerStream(call.response);
  wire.send({ event: { start: { pid: command.pid } } });
  const stopListening = command.listen({
    onOutput: (name, bytes) => wire.send({ event: { data: { [name]: bytes.toString("base64") } } }),
    onEnd: (end) => {
      const failed = !end.exited || end.exitCode !== 0;
      wire.send({ event: { end: { ...end, ...(failed ? { error: end.status } : {}) } } });
      wire.end();
    },
    onCut: (why) => wire.end(new RpcError(why, CUT_MESSAGES[why])),
  });
  const stopPinging = keepAlive(call, wire);
  const timeoutMs = deadline === "its lifetime is its own" ? timeoutOf(call) : undefined;
  const cancelDeadline =
    timeoutMs === undefined
      ? () => undefined
      : call.clock.after(timeoutMs, () =>
          wire.end(new RpcError("deadline_exceeded", CUT_MESSAGES.deadline_exceeded)),
        );
  wire.whenClosed(() => {
    stopListening();
    stopPinging();
    cancelDeadline();
  });
}

const CUT_MESSAGES = {
  unavailable: "The sandbox is not running any more",
  deadline_exceeded: "the operation timed out",
} as const;

/** Messages that only say the stream is alive, as often as the client asked for. */
function keepAlive({ clock, request }: { clock: Clock; request: EnvdCall["request"] }, wire: ServerStream) {
  const seconds = Number(request.headers["keepalive-ping-interval"]);
  if (!(seconds > 0)) return () => undefined;
  let cancel = (): void => undefined;
  const arm = () => {
    cancel = clock.after(seconds * 1000, () => {
      wire.send({ event: { keepalive: {} } });
      arm();
    });
  };
  arm();
  return () => cancel();
}

function timeoutOf(call: EnvdCall): number | undefined {
  const timeoutMs = Number(call.request.headers["connect-timeout-ms"]);
  return timeoutMs > 0 ? timeoutMs : undefined;
}

function select(call: EnvdCall, selector: Selector): RunningCommand {
  const { commands } = call.machine;
  if ("pid" in selector) {
    const found = commands.get(selector.pid);
    if (found) return found;
    throw new RpcError("not_found", `process with pid ${selector.pid} not found`);
  }
  const found = [...commands.values()].find(({ asked }) => asked.tag === selector.tag);
  if (found) return found;
  throw new RpcError("not_found", `process with tag ${selector.tag} not found`);
}

function takesNoInput(command: Command): RpcError {
  return new RpcError("failed_precondition", `process with pid ${command.pid} takes no input`);
}
