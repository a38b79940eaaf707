/** How webhooks are told, by the rows of e2b.md §5.4, without sockets and on a virtual clock. */
import { expect, test } from "vitest";
import { HOOK, lifecycleStage } from "./lifecycle-stage";

const RETRY_MS = 10_000;

test("§5.4 a webhook hears of the types that it asked for, while it is enabled", async () => {
  const { events, tell, clock, received, eventOf } = await lifecycleStage();
  const { id } = events.webhooks.register(HOOK);
  tell({ kind: "created" });
  tell({ kind: "paused" });
  await clock.advance(0);
  expect(received.map((each) => eventOf(each).type)).toEqual(["sandbox.lifecycle.paused"]);
  events.webhooks.change(id, { enabled: false });
  tell({ kind: "paused" });
  await clock.advance(0);
  expect(received).toHaveLength(1);
});

test("§5.4 each attempt names the webhook and itself, and a changed secret leaves all else as it was", async () => {
  const { events, tell, clock, received, answers } = await lifecycleStage();
  const { id } = events.webhooks.register(HOOK);
  answers.push("refused");
  tell({ kind: "paused" });
  await clock.advance(0);
  expect(events.webhooks.change(id, { signatureSecret: "another" })).toMatchObject({ url: HOOK.url });
  await clock.advance(RETRY_MS);
  const [first, second] = received;
  expect(first?.headers).toMatchObject({ "e2b-webhook-id": id, "e2b-signature-version": "v1" });
  expect(second?.body).toBe(first?.body);
  expect(second?.headers["e2b-delivery-id"]).not.toBe(first?.headers["e2b-delivery-id"]);
  expect(second?.headers["e2b-signature"]).not.toBe(first?.headers["e2b-signature"]);
});

test.each(["refused", "unreachable"] as const)(
  "§5.4 a delivery that is %s is tried again three times, ten seconds apart, then given up",
  async (answer) => {
    const { events, tell, clock, received, answers } = await lifecycleStage();
    events.webhooks.register(HOOK);
    answers.push(answer, answer, answer, answer);
    const toldAt = clock.now();
    tell({ kind: "paused" });
    await clock.advance(10 * RETRY_MS);
    const after = received.map(({ at }) => at - toldAt);
    expect(after).toEqual([0, RETRY_MS, 2 * RETRY_MS, 3 * RETRY_MS]);
    expect(clock.pending).toBe(1); // The sandbox's own expiry.
  },
);

test("§5.4 a retry that is taken is the last, and later events do not wait for it", async () => {
  const { events, tell, clock, received, answers, eventOf } = await lifecycleStage();
  events.webhooks.register(HOOK);
  answers.push("refused");
  tell({ kind: "paused" });
  tell({ kind: "resumed" });
  await clock.advance(10 * RETRY_MS);
  const types = received.map((each) => eventOf(each).type.split(".").at(-1));
  expect(types).toEqual(["paused", "resumed", "paused"]);
});

test("a webhook that is removed hears nothing more, retries included", async () => {
  const { events, tell, clock, received, answers } = await lifecycleStage();
  const { id } = events.webhooks.register(HOOK);
  answers.push("refused");
  tell({ kind: "paused" });
  await clock.advance(0);
  events.webhooks.remove(id);
  await clock.advance(10 * RETRY_MS);
  expect(received).toHaveLength(1);
});

test("after the end nothing is delivered, and no timer is left", async () => {
  const { events, tell, clock, received, answers } = await lifecycleStage();
  events.webhooks.register(HOOK);
  answers.push("refused");
  tell({ kind: "paused" });
  await clock.advance(0);
  events.close();
  tell({ kind: "paused" });
  await clock.advance(10 * RETRY_MS);
  expect(received).toHaveLength(1);
  expect(clock.pending).toBe(1); // The sandbox's own expiry.
});

test("faults: a delivery comes twice, late so that others overtake it, or never", async () => {
  const { events, faults, tell, clock, received, eventOf } = await lifecycleStage();
  events.webhooks.register(HOOK);
  const next = { kind: "next", count: 1 } as const;
  const site = "sandbox.lifecycle.paused";
  const types = () => received.splice(0).map((each) => eventOf(each).type.split(".").at(-1));

  faults.add({ site, when: next, fault: { kind: "duplicate" } });
  tell({ kind: "paused" });
  await clock.advance(0);
  const ids = received.map((each) => eventOf(each).id);
  expect([types(), new Set(ids).size]).toEqual([["paused", "paused"], 1]);

  faults.add({ site, when: next, fault: { kind: "delay", minMs: 500, maxMs: 500 } });
  tell({ kind: "paused" });
  tell({ kind: "resumed" });
  await clock.advance(499);
  expect(types()).toEqual(["resumed"]);
  await clock.advance(1);
  expect(types()).toEqual(["paused"]);

  faults.add({ site, when: next, fault: { kind: "lose" } });
  tell({ kind: "paused" });
  tell({ kind: "paused" });
  await clock.advance(10 * RETRY_MS);
  expect(types()).toEqual(["paused"]);
  expect(faults.injected()).toEqual({ [site]: { duplicate: 1, delay: 1, lose: 1 } });
});
