/** Who may speak to the stand-in, and what it says to those who may not. */
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { type LocalUpstash, startUpstash } from "@/lib/local/upstash/start-upstash";
import type { Log } from "@/lib/log";
import { systemRandom } from "@/lib/random";

const lines: string[] = [];
const note = (fields: Record<string, unknown>, message: string) => {
  lines.push(JSON.stringify({ ...fields, message }));
};
const log: Log = { info: note, warn: note, error: note };

let upstash: LocalUpstash;
beforeAll(async () => {
  const folder = tmpdir();
  upstash = await startUpstash({ clock: systemClock, random: systemRandom, log, folder, engine: "memory" });
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(async () => {
  await upstash.stop();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface Received {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

/** Not `fetch`: it does not let a test choose `Host`. */
function send({ method = "POST", path = "/", headers = {}, body = '["PING"]' }: Sent): Promise<Received> {
  const all = {
    authorization: `Bearer ${upstash.token}`,
    "content-type": "application/json",
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, upstash.url),
      { method, headers: all, agent: false },
      (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += String(chunk);
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(method === "POST" ? body : undefined);
  });
}

test("a proper request is answered", async () => {
  expect(await send({})).toMatchObject({ status: 200, text: '{"result":"PONG"}' });
});

const refused: [string, Sent, number][] = [
  ["no token", { headers: { authorization: "" } }, 401],
  ["a wrong token", { headers: { authorization: "Bearer wrong" } }, 401],
  ["a token in the address", { path: "/?_token=x", headers: { authorization: "" } }, 401],
  ["another scheme", { headers: { authorization: "Basic eDp5" } }, 401],
  ["a foreign host", { headers: { host: "evil.example" } }, 403],
  ["a host that only begins like loopback", { headers: { host: "127.0.0.1.evil.example" } }, 403],
  ["a preview's host", { headers: { host: "3000-abc.e2b.localhost" } }, 403],
  ["a foreign page", { headers: { origin: "https://evil.example" } }, 403],
  ["a page of a preview", { headers: { origin: "http://3000-abc.e2b.localhost:4000" } }, 403],
  ["a page without an origin", { headers: { origin: "null" } }, 403],
  [
    "a cross-origin no-cors POST, even with the token",
    { headers: { origin: "https://evil.example", "content-type": "text/plain" }, body: '["FLUSHDB"]' },
    403,
  ],
  ["a rebound name, even with the token", { headers: { host: "rebound.evil.example:80" } }, 403],
  ["a form's body", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
  ["plain text", { headers: { "content-type": "text/plain" } }, 415],
  ["a body that is no JSON", { body: "{" }, 400],
  ["a body that is no command", { body: '{"a":1}' }, 400],
  ["an empty command", { body: "[]" }, 400],
  ["a pipeline that is none", { path: "/pipeline", body: '["GET","k"]' }, 400],
];

describe("refused", () => {
  test.each(refused)("%s", async (_title, sent, status) => {
    const response = await send(sent);
    expect(response.status).toBe(status);
    expect(JSON.parse(response.text)).toEqual({ error: expect.any(String) });
  });

  test.each(refused)("%s gets no CORS headers", async (_title, sent) => {
    const { headers } = await send(sent);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("a wrong token is answered in Upstash's words", async () => {
    const { text } = await send({ headers: { authorization: "Bearer wrong" } });
    expect(JSON.parse(text)).toEqual({ error: "WRONGPASS invalid or missing auth token" });
  });

  test("a preflight is not granted", async () => {
    const { status, headers } = await send({
      method: "OPTIONS",
      headers: { origin: "https://evil.example" },
    });
    expect(status).toBe(403);
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("a body beyond ten megabytes", async () => {
    const { status } = await send({ body: JSON.stringify(["SET", "k", "v".repeat(11 * 1024 * 1024)]) });
    expect(status).toBe(413);
  });
});

describe("unknown to the stand-in", () => {
  const unknown: [string, Sent][] = [
    ["path-style commands", { method: "GET", path: "/get/SECRET" }],
    ["/subscribe", { path: "/subscribe/SECRET" }],
    ["/monitor", { path: "/monitor" }],
    ["GET /", { method: "GET" }],
  ];
  test.each(unknown)("%s answers 501 and is logged without arguments", async (_title, sent) => {
    const { status } = await send(sent);
    expect(status).toBe(501);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain("SECRET");
  });
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;

test("its address is loopback's", () => {
  expect(new URL(upstash.url).hostname).toBe("127.0.0.1");
});

test.skipIf(outside === undefined)("it does not answer at this machine's other addresses", async () => {
  const port = Number(new URL(upstash.url).port);
  await expect(isOpen("127.0.0.1", port)).resolves.toBe(true);
  await expect(isOpen(outside ?? "", port)).resolves.toBe(false);
});

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

describe("encodings", () => {
  const body = '["EVAL","return {ARGV[1], 1, false, {ARGV[1]}}","0","OK"]';

  test("plain by default", async () => {
    expect(JSON.parse((await send({ body })).text)).toEqual({ result: ["OK", 1, null, ["OK"]] });
  });

  test("base64 when asked, in nested lists too", async () => {
    const { text } = await send({ body, headers: { "upstash-encoding": "base64" } });
    expect(JSON.parse(text)).toEqual({ result: ["T0s=", 1, null, ["T0s="]] });
  });

  test("a whole reply OK is never encoded", async () => {
    const { text } = await send({ body: '["SET","k","v"]', headers: { "upstash-encoding": "base64" } });
    expect(JSON.parse(text)).toEqual({ result: "OK" });
  });

  test("an error is plain and has status 400", async () => {
    const response = await send({ body: '["NOSUCH"]', headers: { "upstash-encoding": "base64" } });
    expect(response).toMatchObject({ status: 400, text: `{"error":"ERR unknown command 'NOSUCH'"}` });
  });

  test("numbers and booleans in a command are text", async () => {
    expect((await send({ body: '["SET","k",12]' })).status).toBe(200);
    expect(JSON.parse((await send({ body: '["GET","k"]' })).text)).toEqual({ result: "12" });
  });
});
