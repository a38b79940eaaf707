/**
 * Owns what envd's `process.Process` service sends to a command: input in one message or in a stream, its end, and the
 * size of a terminal (e2b.md §3.5). A call answers when the command has the bytes, so a command that reads slowly
 * slows its client down. Fails with `RpcError`s in envd's words.
 */
import { z } from "zod";
import { RpcError, readMessages, readUnary } from "@/lib/local/e2b/envd/connect-rpc";
import type { EnvdCall } from "@/lib/local/e2b/envd/envd-call";
import { select, selectorShape, terminalShape } from "@/lib/local/e2b/envd/envd-processes";
import { ServerStream } from "@/lib/local/e2b/envd/server-stream";
import type { Command } from "@/lib/local/e2b/machine/command";
import { InputRefused } from "@/lib/local/e2b/machine/started-process";
import { sendJson } from "@/lib/local/e2b/wire/answers";

/** By method name; a name that is in no such table is not offered. */
export const inputMethods: Readonly<Record<string, (call: EnvdCall) => Promise<void>>> = {
  SendInput: sendInput,
  StreamInput: streamInput,
  CloseStdin: closeStdin,
  Update: update,
};

const contentShape = z.union([z.object({ stdin: z.base64() }), z.object({ pty: z.base64() })]);
const inputShape = z.object({ process: selectorShape, input: contentShape });
const streamedShape = z.union([
  z.object({ start: z.object({ process: selectorShape }) }),
  z.object({ data: z.object({ input: contentShape }) }),
  z.object({ keepalive: z.unknown() }),
]);
const selectedShape = z.object({ process: selectorShape });
const updateShape = z.object({ process: selectorShape, pty: terminalShape.optional() });

async function sendInput(call: EnvdCall): Promise<void> {
  const { process, input } = await readUnary(call.request, inputShape);
  await hand(select(call, process).command, input);
  sendJson(call.response, 200, {});
}

/** The SDK speaks HTTP/1.1 and has no client streams; other clients of envd do. */
async function streamInput(call: EnvdCall): Promise<void> {
  let command: Command | undefined;
  for await (const message of readMessages(call.request, streamedShape)) {
    if ("start" in message) command = select(call, message.start.process).command;
    if (!("data" in message)) continue;
    if (!command) throw new RpcError("invalid_argument", "The stream did not start with a process");
    call.refuseUnlessRunning();
    await hand(command, message.data.input);
  }
  const wire = new ServerStream(call.response);
  wire.send({});
  wire.end();
}

async function closeStdin(call: EnvdCall): Promise<void> {
  const { process } = await readUnary(call.request, selectedShape);
  const { command } = select(call, process);
  await saying("error closing stdin", "unknown", () => command.closeInput());
  sendJson(call.response, 200, {});
}

async function update(call: EnvdCall): Promise<void> {
  const { process, pty } = await readUnary(call.request, updateShape);
  const { command } = select(call, process);
  if (pty) {
    const size = { columns: pty.size?.cols ?? 0, rows: pty.size?.rows ?? 0 };
    await saying("error resizing tty", "internal", () => command.resize(size));
  }
  sendJson(call.response, 200, {});
}

async function hand(command: Command, input: z.infer<typeof contentShape>): Promise<void> {
  if ("pty" in input) {
    const bytes = Buffer.from(input.pty, "base64");
    await saying("error writing to tty", "internal", () => command.write({ kind: "pty", bytes }));
  } else {
    const bytes = Buffer.from(input.stdin, "base64");
    await saying("error writing to stdin", "internal", () => command.write({ kind: "stdin", bytes }));
  }
}

async function saying(
  what: string,
  code: "internal" | "unknown",
  act: () => void | Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof InputRefused) throw new RpcError(code, `${what}: ${error.message}`);
    throw error;
  }
}
