/** What the control plane keeps, limits and refuses, through the real SDK and in plain HTTP: e2b.md §1-§3. */
import { RateLimitError, Sandbox, SandboxError, SandboxNotFoundError } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { type StandIn, standIn } from "./stand-in";

/** Calls that the SDK of today does not make, or whose answer it does not show. */
async function ask({ local }: StandIn, method: string, path: string, body?: unknown) {
  const response = await fetch(local.apiUrl + path, {
    method,
    headers: { "x-api-key": local.apiKey, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

test("§1.2 what create asked for is shown: lifecycle, network, internet access", async () => {
  const { sdk } = await standIn();
  const asked = await Sandbox.create({
    ...sdk,
    lifecycle: { onTimeout: "pause", autoResume: true },
    network: { allowPublicTraffic: true, allowOut: [] },
    allowInternetAccess: true,
  });
  expect(await asked.getInfo()).toMatchObject({
    lifecycle: { onTimeout: "pause", autoResume: true },
    network: { allowPublicTraffic: true },
    allowInternetAccess: true,
  });
  const silent = await (await Sandbox.create(sdk)).getInfo();
  expect(silent.lifecycle).toEqual({ onTimeout: "kill", autoResume: false });
  expect([silent.network, silent.allowInternetAccess]).toEqual([undefined, undefined]);
});

test("§3.6 a sandbox without public traffic has a token of its own, the same after a resume", async () => {
  const { sdk } = await standIn();
  const closed = { ...sdk, network: { allowPublicTraffic: false } };
  const [one, two, open] = await Promise.all([
    Sandbox.create(closed),
    Sandbox.create(closed),
    Sandbox.create(sdk),
  ]);
  expect(one.trafficAccessToken).toMatch(/^[0-9a-f]{64}$/);
  expect(two.trafficAccessToken).not.toBe(one.trafficAccessToken);
  expect(open.trafficAccessToken ?? undefined).toBeUndefined();
  await one.pause();
  const resumed = await Sandbox.connect(one.sandboxId, sdk);
  expect(resumed.trafficAccessToken).toBe(one.trafficAccessToken);
});

test.each([
  ["no internet", { allowInternetAccess: false }],
  ["denied addresses", { network: { denyOut: ["8.8.8.8"] } }],
  ["allowed addresses", { network: { allowOut: ["8.8.8.8"] } }],
  ["a masked host", { network: { maskRequestHost: "example.com" } }],
  ["ports with TLS", { network: { httpsPorts: [3443] } }],
  ["an egress proxy", { network: { egressProxy: { address: "proxy.example.com:1080" } } }],
  ["identity tokens", { iam: { tokens: { web: { audience: "me", tokenType: "JWT-SVID" } } } }],
])("what create cannot keep is refused with 501 and starts nothing: %s", async (_name, options) => {
  const { local, sdk } = await standIn();
  await expect(Sandbox.create({ ...sdk, ...options })).rejects.toMatchObject({ statusCode: 501 });
  expect(local.cloud.list()).toEqual([]);
});

test("a field that this version does not know is refused with 501 and its name", async () => {
  const stand = await standIn();
  const { status, body } = await ask(stand, "POST", "/v2/sandboxes", { templateID: "base", mode: "full" });
  expect([status, body.code, body.message]).toEqual([501, 501, expect.stringContaining("the field mode")]);
  const inside = { templateID: "base", network: { allowEverything: true } };
  expect(await ask(stand, "POST", "/v2/sandboxes", inside)).toMatchObject({ status: 501 });
  expect(stand.local.cloud.list()).toEqual([]);
});

test("§5.3 volume mounts are refused as E2B refuses a team without them", async () => {
  const { sdk } = await standIn();
  await expect(Sandbox.create({ ...sdk, volumeMounts: { "/data": "my-volume" } })).rejects.toMatchObject({
    statusCode: 400,
    message: "400: Volume mounts are not enabled.",
  });
});

test("§1.4 an unknown template is a SandboxError 404 where templates are configured", async () => {
  const { sdk } = await standIn({ templates: new Set(["base"]) });
  await Sandbox.create(sdk);
  const refused = Sandbox.create("x", sdk);
  await expect(refused).rejects.toBeInstanceOf(SandboxError);
  await expect(refused).rejects.toMatchObject({ statusCode: 404, message: "404: template 'x' not found" });
});

test("§3.3 updateNetwork without rules is accepted, with rules 501, of a paused sandbox not found", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await sandbox.updateNetwork({});
  await sandbox.updateNetwork({ allowInternetAccess: true });
  expect((await sandbox.getInfo()).allowInternetAccess).toBe(true);
  for (const update of [{ denyOut: ["8.8.8.8"] }, { allowInternetAccess: false }]) {
    await expect(sandbox.updateNetwork(update)).rejects.toMatchObject({ statusCode: 501 });
  }
  await sandbox.pause();
  await expect(sandbox.updateNetwork({})).rejects.toBeInstanceOf(SandboxNotFoundError);
});

test("§3.3 metrics of a running sandbox are real numbers within E2B's fields", async () => {
  const clock = new VirtualClock();
  const { sdk } = await standIn({ clock });
  const sandbox = await Sandbox.create(sdk);
  await sandbox.files.write("big.bin", "x".repeat(100_000));
  const [reading] = await sandbox.getMetrics();
  expect(reading).toMatchObject({
    cpuCount: 2,
    memTotal: 512 * 1024 ** 2,
    diskTotal: 1024 ** 3,
    memCache: 0,
  });
  expect(reading?.diskUsed).toBeGreaterThan(100_000);
  expect(reading?.timestamp.getTime()).toBe(clock.now());
  const before = { start: new Date(clock.now() - 7_200_000), end: new Date(clock.now() - 3_600_000) };
  expect(await sandbox.getMetrics(before)).toEqual([]);
  await expect(Sandbox.getMetrics("imissing", sdk)).rejects.toBeInstanceOf(SandboxNotFoundError);
});

test("§3.3 refreshes extends a run and never shortens it", async () => {
  const clock = new VirtualClock();
  const stand = await standIn({ clock });
  const { sandboxId } = await Sandbox.create(stand.sdk);
  const endAfter = async (duration: number) => {
    const { status } = await ask(stand, "POST", `/sandboxes/${sandboxId}/refreshes`, { duration });
    const { endAt } = await Sandbox.getInfo(sandboxId, stand.sdk);
    return [status, endAt.getTime() - clock.now()];
  };
  expect(await endAfter(60)).toEqual([204, 300_000]);
  expect(await endAfter(600)).toEqual([204, 600_000]);
  expect((await ask(stand, "POST", "/sandboxes/imissing/refreshes", {})).status).toBe(404);
});

test("§2.7 above the create rate the SDK waits as it is told and succeeds; without retries it is a RateLimitError", async () => {
  const { local, sdk } = await standIn({ plan: { createsPerSecond: 1 } });
  await Sandbox.create(sdk);
  await expect(Sandbox.create({ ...sdk, retries: 0 })).rejects.toBeInstanceOf(RateLimitError);
  await Sandbox.create(sdk);
  expect(local.cloud.list()).toHaveLength(2);
  expect(local.calls().create).toBeGreaterThan(3);
});

test("§2.7 the two kinds of 429 differ in their headers", async () => {
  const stand = await standIn({ clock: new VirtualClock(), plan: { createsPerSecond: 2, maxConcurrent: 1 } });
  const create = () => ask(stand, "POST", "/v2/sandboxes", { templateID: "base" });
  await create();
  const full = await create();
  expect([full.status, full.headers.get("retry-after")]).toEqual([429, null]);
  expect(full.body).toEqual({ code: 429, message: expect.stringContaining("concurrent E2B sandboxes (1)") });
  const fast = await create();
  expect(fast.body).toEqual({ code: 429, message: "Rate limit exceeded" });
  expect(
    ["retry-after", "ratelimit-limit", "ratelimit-remaining"].map((name) => fast.headers.get(name)),
  ).toEqual(["1", "2", "0"]);
});

test("§3.3 the total of running ones is told only where running ones were asked for", async () => {
  const stand = await standIn();
  const [, paused] = await Promise.all([Sandbox.create(stand.sdk), Sandbox.create(stand.sdk)]);
  await paused.pause();
  const total = async (query: string) =>
    (await ask(stand, "GET", `/v2/sandboxes${query}`)).headers.get("x-total-running");
  expect(await total("")).toBe("1");
  expect(await total("?state=running,paused&limit=1")).toBe("1");
  expect(await total("?state=paused")).toBeNull();
});

test("§3.3 list narrows by start and template, orders, and refuses what it does not understand", async () => {
  const clock = new VirtualClock();
  const stand = await standIn({ clock });
  const ids: string[] = [];
  for (const template of ["a", "b", "a"]) {
    ids.push((await Sandbox.create(template, stand.sdk)).sandboxId);
    await clock.advance(1000);
  }
  const found = async (options: Parameters<typeof Sandbox.list>[0]) =>
    (await Sandbox.list({ ...stand.sdk, ...options }).nextItems()).map(({ sandboxId }) =>
      ids.indexOf(sandboxId),
    );
  expect(await found({ order: "asc" })).toEqual([0, 1, 2]);
  expect(await found({ query: { template: "a" } })).toEqual([2, 0]);
  const { startedAt } = await Sandbox.getInfo(ids[1] ?? "", stand.sdk);
  expect(await found({ query: { startedAfter: startedAt } })).toEqual([2, 1]);
  for (const query of [
    "state=asleep",
    "order=up",
    "limit=0",
    "nextToken=x",
    "template=a:v1",
    "metadata=app",
  ]) {
    const { status, body } = await ask(stand, "GET", `/v2/sandboxes?${query}`);
    expect([query, status, body.code]).toEqual([query, 400, 400]);
  }
});

test("§3.3 an id may carry the client's id, and one that no sandbox can have is 400", async () => {
  const stand = await standIn();
  const { sandboxId } = await Sandbox.create(stand.sdk);
  const withClient = await ask(stand, "GET", `/sandboxes/${sandboxId}-6532622b`);
  expect([withClient.status, withClient.body.sandboxID]).toEqual([200, sandboxId]);
  for (const id of ["UPPER", "a-b-c", "a.b"]) {
    expect((await ask(stand, "GET", `/sandboxes/${id}`)).body).toEqual({
      code: 400,
      message: "Invalid sandbox ID",
    });
  }
});

test("§2.3 a resume under another id names it in the answer, and is a 201", async () => {
  const stand = await standIn();
  const { sandboxId } = await Sandbox.create(stand.sdk);
  await Sandbox.pause(sandboxId, stand.sdk);
  stand.local.cloud.answerNextConnectWithAnotherId(sandboxId);
  const { status, body } = await ask(stand, "POST", `/v2/sandboxes/${sandboxId}/connect`, {});
  expect([status, body.sandboxID]).toEqual([201, stand.local.cloud.list()[0]?.sandboxId]);
  expect(body.sandboxID).not.toBe(sandboxId);
});

test("§2.3 contradictions that the SDK would not send are refused as E2B does", async () => {
  const stand = await standIn();
  for (const autoPause of [undefined, false]) {
    const body = { templateID: "base", autoPause, autoPauseMemory: false };
    expect(await ask(stand, "POST", "/v2/sandboxes", body)).toMatchObject({
      status: 400,
      body: { code: 400 },
    });
  }
  const waking = {
    templateID: "base",
    autoPause: true,
    autoPauseMemory: false,
    autoResume: { enabled: true },
  };
  expect(await ask(stand, "POST", "/v2/sandboxes", waking)).toMatchObject({ status: 400 });
});

test.each([
  ["POST", "/sandboxes"],
  ["GET", "/sandboxes"],
  ["GET", "/sandboxes/metrics"],
  ["POST", "/sandboxes/i1/connect"],
  ["POST", "/sandboxes/i1/resume"],
  ["POST", "/sandboxes/i1/fork"],
  ["GET", "/sandboxes/i1/logs"],
  ["GET", "/v2/sandboxes/i1/logs"],
  ["GET", "/volumes"],
  ["POST", "/volumes"],
  ["DELETE", "/volumes/v1"],
  ["POST", "/v3/templates"],
  ["POST", "/v2/templates/t1/builds/b1"],
  ["GET", "/templates"],
  ["GET", "/templates/t1"],
  ["GET", "/templates/aliases/base"],
  ["GET", "/templates/t1/builds/b1/status"],
  ["GET", "/secrets"],
  ["GET", "/teams"],
])("§3.3 legacy and out of scope: %s %s answers 501 with method and path", async (method, path) => {
  const { status, body } = await ask(await standIn(), method, path, method === "POST" ? {} : undefined);
  expect([status, body.code]).toEqual([501, 501]);
  expect(body.message).toContain(`${method} ${path}`);
});

test("§1.3 the SDK's own calls out of scope throw a SandboxError 501: fork", async () => {
  const { sdk } = await standIn();
  const sandbox = await Sandbox.create(sdk);
  await expect(sandbox.fork()).rejects.toMatchObject({ statusCode: 501 });
});
