/** What a page in the developer's browser, or a stranger on this machine, can do to the stand-in: nothing. */
import { request as httpRequest, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { AuthenticationError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { type StandIn, standIn } from "./stand-in";

interface Answer {
  readonly status: number;
  readonly body: { code?: number | string; message?: string };
  readonly headers: Record<string, unknown>;
}

/** Node's fetch would not send another Host. */
function ask({ local }: StandIn, options: RequestOptions, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(local.apiUrl + (options.path ?? "/v2/sandboxes"), options, (response) => {
      let text = "";
      response.on("data", (bytes) => {
        text += String(bytes);
      });
      response.on("end", () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, body: JSON.parse(text || "{}") });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

const json = { "content-type": "application/json" };

test("a rebinding Host is refused, with the right key too", async () => {
  const stand = await standIn();
  const headers = { "x-api-key": stand.local.apiKey, host: "evil.example" };
  expect(await ask(stand, { headers })).toMatchObject({ status: 421, body: { code: 421 } });
});

test("a cross-origin no-cors POST is refused and starts nothing", async () => {
  const stand = await standIn();
  const page = {
    origin: "https://evil.example",
    "content-type": "text/plain",
    "x-api-key": stand.local.apiKey,
  };
  const { status, headers } = await ask(stand, { method: "POST", headers: page }, `{"templateID":"base"}`);
  expect(status).toBe(403);
  expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  expect(stand.local.cloud.list()).toEqual([]);
});

test("a body that is not JSON by its type is refused", async () => {
  const stand = await standIn();
  const headers = { "content-type": "text/plain", "x-api-key": stand.local.apiKey };
  expect((await ask(stand, { method: "POST", headers }, `{"templateID":"base"}`)).status).toBe(415);
});

test("§1.4 a wrong or missing key is an AuthenticationError, and is not counted", async () => {
  const stand = await standIn();
  await expect(Sandbox.create({ ...stand.sdk, apiKey: "e2b_wrong" })).rejects.toBeInstanceOf(
    AuthenticationError,
  );
  expect(await ask(stand, {})).toMatchObject({ status: 401, body: { code: 401 } });
  expect(stand.local.calls()).toEqual({});
});

test("envd asks for the sandbox's own token: neither the key nor another sandbox's will do", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const path = "/files?path=x";
  const headers = { "e2b-sandbox-id": sandbox.sandboxId, "e2b-sandbox-port": "49983" };
  for (const token of [undefined, stand.local.apiKey, "wrong"]) {
    const withToken = token === undefined ? headers : { ...headers, "x-access-token": token };
    expect((await ask(stand, { path, headers: withToken })).status).toBe(401);
  }
});

test("unknown routes answer 501 with method and path, and are counted", async () => {
  const stand = await standIn();
  const headers = { ...json, "x-api-key": stand.local.apiKey };
  const { status, body } = await ask(stand, { method: "POST", path: "/v3/templates", headers }, "{}");
  expect([status, body.code]).toEqual([501, 501]);
  expect(body.message).toContain("POST /v3/templates");
  expect(stand.local.calls()).toEqual({ unsupported: 1 });
});

test("a body of the wrong shape is 400 and says what is wrong", async () => {
  const stand = await standIn();
  const headers = { ...json, "x-api-key": stand.local.apiKey };
  for (const body of ["{", "[]", `{"templateID":7}`, `{"templateID":"base","timeout":"long"}`]) {
    expect((await ask(stand, { method: "POST", headers }, body)).status).toBe(400);
  }
});

test("each start has another key", async () => {
  const [first, second] = await Promise.all([standIn(), standIn()]);
  expect(first.local.apiKey).not.toBe(second.local.apiKey);
});

test("nothing listens beyond loopback", async () => {
  const { local } = await standIn();
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  const ports = [local.previewPort, Number(new URL(local.apiUrl).port)];
  for (const { address } of outside) {
    for (const port of ports) expect(await canConnect(address, port)).toBe(false);
  }
  for (const port of ports) expect(await canConnect("127.0.0.1", port)).toBe(true);
});

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
