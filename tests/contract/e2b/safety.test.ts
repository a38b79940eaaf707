/**
 * What a page in the developer's browser, or a stranger on this machine, can do to the stand-in: nothing. Two attacks on
 * every door: a name that was rebound to loopback, and a POST that a page of another origin sends without asking.
 */
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { AuthenticationError, Sandbox } from "e2b";
import { expect, test } from "vitest";
import { type RawRequest, rawRequest, rawUpgrade } from "../../support/raw-request";
import { controlPortOf, type StandIn, standIn } from "./stand-in";

/** Of the control port; the body parsed. */
async function ask({ local }: StandIn, request: RawRequest) {
  const answer = await rawRequest(controlPortOf(local), { path: "/v2/sandboxes", ...request });
  return { ...answer, body: JSON.parse(answer.text || "{}") };
}

const json = { "content-type": "application/json" };
const RULE = `{"site":"*","when":{"kind":"always"},"fault":{"kind":"drop-before"}}`;
const HOOK = `{"name":"x","url":"http://127.0.0.1/","events":["sandbox.lifecycle.killed"],"signatureSecret":"x"}`;

/** All that the control port has, each with a call that changes something. */
const DOORS: [string, string, string, string][] = [
  ["the control plane", "POST", "/v2/sandboxes", `{"templateID":"base"}`],
  ["the events API", "POST", "/events/webhooks", HOOK],
  ["the routes below /local", "POST", "/local/faults", RULE],
  ["envd's files", "POST", "/files?path=x", "x"],
  ["envd's methods", "POST", "/process.Process/Start", "{}"],
];

/** A sandbox, and the headers of whoever knows all its secrets. */
async function insider(stand: StandIn, path: string) {
  const sandbox = await Sandbox.create(stand.sdk);
  const { sandboxId } = sandbox;
  const isEnvd = path.startsWith("/files") || path.startsWith("/process");
  const token = String(Reflect.get(sandbox, "envdAccessToken"));
  return isEnvd
    ? { "e2b-sandbox-id": sandboxId, "e2b-sandbox-port": "49983", "x-access-token": token }
    : { "x-api-key": stand.local.apiKey };
}

/** All that a call through any of the doors would have changed. */
async function changesOf({ local, sdk }: StandIn) {
  const [first] = local.cloud.list();
  const sandbox = await Sandbox.connect(first?.sandboxId ?? "", sdk);
  const headers = { "x-api-key": local.apiKey };
  const webhooks = await rawRequest(controlPortOf(local), { path: "/events/webhooks", headers });
  return {
    sandboxes: local.cloud.list().length,
    webhooks: webhooks.text,
    rules: local.faults.rules(),
    file: await sandbox.files.exists("x"),
    processes: await sandbox.commands.list(),
  };
}

const UNCHANGED = { sandboxes: 1, webhooks: "[]", rules: [], file: false, processes: [] };

test.each(DOORS)(
  "a rebinding Host is refused with the right secrets too: %s",
  async (_name, method, path, body) => {
    const stand = await standIn();
    const secrets = await insider(stand, path);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
      const answer = await ask(stand, { method, path, headers: { ...json, ...secrets, host }, body });
      expect(answer).toMatchObject({ status: 421, body: { code: 421 } });
    }
    expect(await changesOf(stand)).toEqual(UNCHANGED);
  },
);

test.each(DOORS)(
  "a cross-origin no-cors POST is refused and changes nothing, with the right secrets too: %s",
  async (_name, method, path, body) => {
    const stand = await standIn();
    const secrets = await insider(stand, path);
    const page = { origin: "https://evil.example", "content-type": "text/plain" };
    for (const headers of [page, { ...page, ...secrets }, { ...page, ...secrets, origin: "null" }]) {
      const answer = await ask(stand, { method, path, headers, body });
      expect(answer.status).toBe(403);
      const cors = Object.keys(answer.headers).filter((name) => name.startsWith("access-control"));
      expect(cors).toEqual([]);
    }
    expect(await changesOf(stand)).toEqual(UNCHANGED);
  },
);

test.each(DOORS)(
  "without its secret, a program of this machine is refused: %s",
  async (_name, method, path, body) => {
    const stand = await standIn();
    const secrets = Object.entries(await insider(stand, path));
    const headers = Object.fromEntries(
      secrets.map(([name, value]) => [name, name.startsWith("x-") ? "wrong" : value]),
    );
    expect((await ask(stand, { method, path, headers: { ...json, ...headers }, body })).status).toBe(401);
    expect(await changesOf(stand)).toEqual(UNCHANGED);
  },
);

test.each(DOORS.slice(0, 3))(
  "a body that is not JSON by its type is refused: %s",
  async (_name, method, path, body) => {
    const stand = await standIn();
    const headers = { "content-type": "text/plain", ...(await insider(stand, path)) };
    expect((await ask(stand, { method, path, headers, body })).status).toBe(415);
    expect(await changesOf(stand)).toEqual(UNCHANGED);
  },
);

test.each([...DOORS, ["envd's health", "GET", "/health", ""]])(
  "the preview port leads to none of it, by no name: %s",
  async (_name, method, path, body) => {
    const stand = await standIn();
    const headers = { ...json, ...(await insider(stand, path)) };
    const [sandbox] = stand.local.cloud.list();
    const ports = [49_983, controlPortOf(stand.local), stand.local.previewPort];
    const hosts = ports.map((port) => `${port}-${sandbox?.sandboxId}.${stand.local.domain}`);
    for (const host of [...hosts, "127.0.0.1", "localhost", stand.local.domain, "evil.example"]) {
      const { status } = await rawRequest(stand.local.previewPort, {
        method,
        path,
        headers: { ...headers, host },
        body,
      });
      expect([421, 501, 502]).toContain(status);
    }
    expect(await changesOf(stand)).toEqual(UNCHANGED);
  },
);

test("a rebinding Host reaches no preview, by a request or by an upgrade", async () => {
  const stand = await standIn();
  const { sandboxId } = await Sandbox.create(stand.sdk);
  const routed = { "e2b-sandbox-id": sandboxId, "e2b-sandbox-port": "3000" };
  const names = ["evil.example", "sandbox.evil.example", `3000-${sandboxId}.e2b.localhost.evil.example`];
  for (const host of names) {
    const headers = { ...routed, host };
    expect((await rawRequest(stand.local.previewPort, { headers })).status).toBe(421);
    expect(await rawUpgrade(stand.local.previewPort, headers)).toEqual({ kind: "answered", status: 421 });
  }
});

test("the control port upgrades nothing", async () => {
  const { local } = await standIn();
  const headers = { "x-api-key": local.apiKey };
  expect((await rawUpgrade(controlPortOf(local), headers)).kind).not.toBe("upgraded");
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
  const { status, body } = await ask(stand, { method: "POST", path: "/v3/templates", headers, body: "{}" });
  expect([status, body.code]).toEqual([501, 501]);
  expect(body.message).toContain("POST /v3/templates");
  expect(stand.local.calls()).toEqual({ unsupported: 1 });
});

test("a body of the wrong shape is 400 and says what is wrong", async () => {
  const stand = await standIn();
  const headers = { ...json, "x-api-key": stand.local.apiKey };
  for (const body of ["{", "[]", `{"templateID":7}`, `{"templateID":"base","timeout":"long"}`]) {
    expect((await ask(stand, { method: "POST", headers, body })).status).toBe(400);
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
  const ports = [local.previewPort, controlPortOf(local)];
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
