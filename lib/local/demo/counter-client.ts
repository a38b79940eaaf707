/**
 * Owns how the demo speaks to the counter inside its preview: over the network, at the preview's address. Preview names
 * do not resolve in every Node (`*.localhost`), so it connects to the proxy and sends the name as Host.
 * Fails closed: an answer that is not the counter's is an error.
 */
import { request } from "node:http";
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import type { LocalCloud } from "../local-cloud";
import type { CounterLook } from "./evidence";

interface Client {
  readonly cloud: LocalCloud;
  readonly clock: Clock;
}

const stateSchema = z.object({
  pid: z.number(),
  bootNonce: z.string(),
  ticks: z.number(),
  clicks: z.number(),
});

/** The counter's state, with the time at which it was asked for. */
export async function lookAtCounter(client: Client, url: string): Promise<CounterLook> {
  const atMs = client.clock.now();
  const { status, body } = await send(client, "GET", `${url}/state`);
  if (status !== 200) throw new Error(`the counter answered ${status}: ${body.slice(0, 200)}`);
  return { atMs, ...stateSchema.parse(JSON.parse(body)) };
}

export async function clickCounter(client: Client, url: string): Promise<void> {
  const { status } = await send(client, "POST", `${url}/count`);
  if (status >= 300) throw new Error(`the counter answered ${status} to a click`);
}

/** The page as it is served. */
export async function pageOf(client: Client, url: string): Promise<string> {
  return (await send(client, "GET", url)).body;
}

/** The status that a visitor of the address gets. */
export async function portStatus(client: Client, url: string): Promise<number> {
  return (await send(client, "GET", url)).status;
}

function send({ cloud }: Client, method: string, url: string): Promise<{ status: number; body: string }> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port: cloud.e2b.previewPort,
        method,
        path: target.pathname,
        headers: { host: target.host, accept: "application/json" },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
