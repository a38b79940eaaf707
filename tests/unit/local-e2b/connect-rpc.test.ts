/** Messages of a Connect stream, however the network cuts them. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  END_OF_STREAM,
  readMessages,
  readStreamRequest,
  writeEnvelope,
} from "@/lib/local/e2b/envd/connect-rpc";

const shape = z.object({ at: z.number() });
const three = Buffer.concat([1, 2, 3].map((at) => writeEnvelope(0, { at })));

function requestOf(chunks: readonly Buffer[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  for (const chunk of chunks) request.push(chunk);
  request.push(null);
  return request;
}

async function readAll(chunks: readonly Buffer[]): Promise<number[]> {
  const read: number[] = [];
  for await (const { at } of readMessages(requestOf(chunks), shape)) read.push(at);
  return read;
}

test.each([1, 2, 3, 7, 1000])(
  "§3.5 messages cut into pieces of %i bytes are read whole and in order",
  async (size) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < three.length; at += size) pieces.push(three.subarray(at, at + size));
    expect(await readAll(pieces)).toEqual([1, 2, 3]);
  },
);

test("§3.5 nothing is read after the closing envelope", async () => {
  const closed = [writeEnvelope(0, { at: 1 }), writeEnvelope(END_OF_STREAM, {}), writeEnvelope(0, { at: 2 })];
  expect(await readAll(closed)).toEqual([1]);
});

test("§3.5 what is cut short, compressed, too long or of another shape is refused", async () => {
  await expect(readAll([three.subarray(0, three.length - 1)])).rejects.toMatchObject({
    code: "invalid_argument",
  });
  await expect(readAll([writeEnvelope(1, { at: 1 })])).rejects.toMatchObject({ code: "unimplemented" });
  await expect(readAll([Buffer.from([0, 0xff, 0, 0, 0])])).rejects.toMatchObject({
    code: "resource_exhausted",
  });
  await expect(readAll([writeEnvelope(0, { at: "1" })])).rejects.toMatchObject({ code: "invalid_argument" });
  await expect(readStreamRequest(requestOf([]), shape)).rejects.toMatchObject({ code: "invalid_argument" });
});

test("§3.5 reading the one message of a server stream leaves the connection open for the answer", async () => {
  const request = requestOf([three]);
  expect(await readStreamRequest(request, shape)).toEqual({ at: 1 });
  expect(request.socket.destroyed).toBe(false);
});
