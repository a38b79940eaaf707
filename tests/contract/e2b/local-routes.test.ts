/** The routes below `/local/`, by which other processes make things go wrong: the stand-in's own, not E2B's. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { VirtualClock } from "@/lib/local/virtual-clock";
import { callWithKey, type StandIn, standIn, startInBackground } from "./stand-in";

const RULE = {
  site: "get",
  when: { kind: "next", count: 1 },
  fault: { kind: "error-before", status: 500 },
};

test("a rule is added, strikes, is shown with what it did, and is removed", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { status, body } = await callWithKey(stand, "POST", "/local/faults", RULE);
  expect([status, body]).toEqual([201, { id: expect.any(String) }]);
  await expect(sandbox.getInfo()).rejects.toThrow("500");
  expect(await callWithKey(stand, "GET", "/local/faults")).toEqual({
    status: 200,
    body: {
      rules: [{ id: body.id, rule: RULE, met: 1, injected: 1 }],
      injected: { get: { "error-before": 1 } },
    },
  });
  const path = `/local/faults/${body.id}`;
  expect((await callWithKey(stand, "DELETE", path)).status).toBe(204);
  expect((await callWithKey(stand, "DELETE", path)).status).toBe(404);
});

test("all rules are removed at once, those of deliveries apart from those of calls", async () => {
  const stand = await standIn();
  const lost = { site: "*", when: { kind: "always" }, fault: { kind: "lose" } };
  await callWithKey(stand, "POST", "/local/faults", { ...RULE, when: { kind: "always" } });
  expect((await callWithKey(stand, "POST", "/local/delivery-faults", lost)).status).toBe(201);
  expect((await callWithKey(stand, "DELETE", "/local/faults")).status).toBe(204);
  expect(stand.local.faults.rules()).toEqual([]);
  expect(stand.local.deliveryFaults.rules()).toMatchObject([{ rule: lost }]);
});

test.each([
  ["/local/faults", { ...RULE, fault: { kind: "explode" } }],
  ["/local/faults", { ...RULE, fault: { kind: "error-before", status: 418 } }],
  ["/local/faults", { ...RULE, when: { kind: "next", count: 0 } }],
  ["/local/delivery-faults", { ...RULE, fault: { kind: "hang-before" } }],
  ["/local/clock/jump", { durationMs: -1 }],
  ["/local/sandboxes/iany/lose-files", { paths: [] }],
  ["/local/sandboxes/iany/age-run", { ms: -1 }],
])("a body that means nothing is 400: %s %o", async (path, body) => {
  const stand = await standIn();
  expect((await callWithKey(stand, "POST", path, body)).status).toBe(400);
});

test("a misspelt field of a rule is refused and not passed over", async () => {
  const stand = await standIn();
  const { status, body } = await callWithKey(stand, "POST", "/local/faults", { ...RULE, sandbox: "ione" });
  expect([status, body.message]).toEqual([501, expect.stringContaining("sandbox")]);
  expect(stand.local.faults.rules()).toEqual([]);
});

/** One of the sandbox's misfortunes. */
const befall = async (stand: StandIn, { sandboxId }: Sandbox, what: string, body = {}) =>
  (await callWithKey(stand, "POST", `/local/sandboxes/${sandboxId}/${what}`, body)).status;

test("a sandbox is killed behind its client's back", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  expect(await befall(stand, sandbox, "kill")).toBe(204);
  expect(await sandbox.isRunning()).toBe(false);
  expect(await befall(stand, sandbox, "kill")).toBe(404);
});

test("a sandbox loses its memory while it rests, and its files", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  await sandbox.files.write([
    { path: "kept", data: "1" },
    { path: "lost", data: "2" },
  ]);
  await startInBackground(sandbox, "sleep 1000");
  await sandbox.pause();
  expect(await befall(stand, sandbox, "lose-memory")).toBe(204);
  expect(await befall(stand, sandbox, "lose-files", { paths: ["/home/user/lost"] })).toBe(204);
  await sandbox.connect();
  expect(await sandbox.commands.list()).toEqual([]);
  expect([await sandbox.files.exists("kept"), await sandbox.files.exists("lost")]).toEqual([true, false]);
});

test("a connect answers with another id", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  await sandbox.pause();
  expect(await befall(stand, sandbox, "another-id")).toBe(204);
  // The SDK does not pass on the id that it was answered.
  const path = `/v2/sandboxes/${sandbox.sandboxId}/connect`;
  const { status, body } = await callWithKey(stand, "POST", path, {});
  expect([status, body.sandboxID === sandbox.sandboxId]).toEqual([201, false]);
});

test("a run is aged, which the SDK sees as an earlier start and, near the plan's cap, a nearer end", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create({ ...stand.sdk, timeoutMs: 960_000 });
  const before = await sandbox.getInfo();
  expect(await befall(stand, sandbox, "age-run", { ms: 3_300_000 })).toBe(204);
  const { startedAt, endAt } = await sandbox.getInfo();
  expect(startedAt.getTime()).toBe(before.startedAt.getTime() - 3_300_000);
  expect(endAt.getTime()).toBe(startedAt.getTime() + 3_600_000);
  await sandbox.setTimeout(960_000);
  expect((await sandbox.getInfo()).endAt).toEqual(endAt);
  await sandbox.pause();
  expect(await befall(stand, sandbox, "age-run", { ms: 1 })).toBe(409);
});

test.each(["kill", "lose-memory", "lose-files", "another-id", "age-run"])(
  "of an unknown sandbox, %s is 404",
  async (what) => {
    const stand = await standIn();
    const path = `/local/sandboxes/imissing/${what}`;
    const body = what === "age-run" ? { ms: 1 } : { paths: ["/x"] };
    expect((await callWithKey(stand, "POST", path, body)).status).toBe(404);
  },
);

test("the clock jumps, and what falls due has been called when the answer comes", async () => {
  const clock = new VirtualClock();
  const stand = await standIn({ clock });
  await Sandbox.create({ ...stand.sdk, timeoutMs: 60_000 });
  const jumped = await callWithKey(stand, "POST", "/local/clock/jump", { durationMs: 60_000 });
  expect(jumped).toEqual({ status: 200, body: { now: clock.now() + 60_000 } });
  await expect.poll(() => stand.local.cloud.list()).toEqual([]);
});

test("no rule befalls the routes themselves, nor are they counted as calls", async () => {
  const stand = await standIn();
  const always = { site: "*", when: { kind: "always" }, fault: { kind: "drop-before" } };
  await callWithKey(stand, "POST", "/local/faults", always);
  expect((await callWithKey(stand, "DELETE", "/local/faults")).status).toBe(204);
  expect(stand.local.calls()).toEqual({});
});

test("an unknown route below /local is 501", async () => {
  const stand = await standIn();
  const { status, body } = await callWithKey(stand, "POST", "/local/weather", {});
  expect([status, body.message]).toEqual([501, expect.stringContaining("POST /local/weather")]);
});
