/** Production configuration, isDev false with keys, end to end through the real SDK (inngest.md §1.10, §3.2, §3.6). */
import type { Inngest } from "inngest";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "@/lib/local/inngest/canonical-json";
import type { CloudKeys } from "@/lib/local/inngest/engine";
import { isSignedWith, signatureOf } from "@/lib/local/inngest/signature";
import { signedTransport } from "@/lib/local/inngest/signed-transport";
import { IN_PROCESS_APP } from "@/lib/local/inngest/start-inngest";
import type { Transport } from "@/lib/local/inngest/transport";
import { emptyWorld, MINUTE, SECOND, type SimulateOptions, simulate } from "./simulated-app";

const KEY = `signkey-test-${"0a".repeat(32)}`;
const OLD_KEY = `signkey-test-${"0b".repeat(32)}`;

const cloud = (engine: CloudKeys | null, app: SimulateOptions["client"] = {}): SimulateOptions => ({
  checkpointing: true,
  ...(engine ? { cloud: engine } : {}),
  client: { isDev: false, eventKey: "events", signingKey: KEY, ...app },
});

const functions = (client: Inngest) => [
  client.createFunction({ id: "f", triggers: [{ event: "go" }] }, async ({ step, event }) => {
    const text = await step.run("text", () => `${event.data["2"]}${event.data["10"]}`);
    await step.sendEvent("tell", { name: "told" });
    await step.sleep("rest", "1m");
    return text;
  }),
];

/** Keys that look like numbers come back from JavaScript in another order than the canonical one. */
const sent = { name: "go", data: { "2": "two", "10": "ten", é: 1, "€": 1e21 } };

describe("cloud mode", () => {
  it("§3.6 syncs, calls, takes checkpoints and events with the right keys", async () => {
    const world = await simulate(functions, cloud({ signingKey: KEY, eventKey: "events" }));
    await world.client.send(sent);
    await world.clock.advance(MINUTE);
    expect(world.runsOf("f")[0]).toMatchObject({ status: "Completed", output: "twoten" });
    expect(world.engine.history().events.map(({ name }) => name)).toContain("told");
    expect(world.calls.map(({ answer }) => answer)).toEqual(["206 Sleep rest", "206 RunComplete"]);
  });

  it("§1.10 calls an app that has rotated its key already, and is called by it with the old one", async () => {
    const app = { signingKey: KEY, signingKeyFallback: OLD_KEY };
    const world = await simulate(functions, cloud({ signingKey: OLD_KEY }, app));
    await world.client.send(sent);
    await world.clock.advance(MINUTE);
    expect(world.runsOf("f")[0]).toMatchObject({ status: "Completed" });
    expect(world.calls).toHaveLength(2);
  });

  it("§1.10 reaches an app that still has the old key by the fallback", async () => {
    const keys = { signingKey: KEY, signingKeyFallback: OLD_KEY };
    const world = await simulate(functions, cloud(keys, { signingKey: OLD_KEY }));
    await world.client.send(sent);
    await world.clock.advance(MINUTE);
    expect(world.runsOf("f")[0]).toMatchObject({ status: "Completed" });
  });

  it.each([
    [
      "an app with another key",
      cloud({ signingKey: KEY }, { signingKey: OLD_KEY }),
      "different signing keys",
    ],
    [
      "an app in development mode",
      cloud({ signingKey: KEY }, { isDev: true }),
      "does not bear its signature",
    ],
    ["a cloud app by an engine without keys", cloud(null), "takes only signed calls"],
  ])("§3.2 refuses %s at the sync, and registers nothing", async (_what, options, sentence) => {
    const world = emptyWorld(functions, options);
    expect(await world.connect()).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining(sentence)],
    });
    expect(world.engine.functionIds()).toEqual([]);
  });

  it("§3.6 does not act on an answer that was changed on the way, and repeats the call", async () => {
    let isTampered = true;
    const world = emptyWorld(functions, cloud({ signingKey: KEY }));
    const tampering: Transport = async (request) => {
      const response = await world.handler(request);
      if (request.method !== "POST" || !isTampered) return response;
      isTampered = false;
      return { ...response, body: response.body.replace("1m", "9m") };
    };
    await world.engine.connectApp({ url: IN_PROCESS_APP, transport: tampering, resyncEveryMs: null });
    await world.client.send(sent);
    await world.clock.advance(SECOND);
    expect(world.runsOf("f")[0]).toMatchObject({
      status: "Running",
      reason: expect.stringContaining("does not bear its signature"),
    });
    await world.clock.advance(3 * MINUTE);
    expect(world.runsOf("f")[0]).toMatchObject({ status: "Completed" });
  });

  const post = async (path: string, authorization?: string) => {
    const world = await simulate(functions, cloud({ signingKey: KEY, eventKey: "events" }));
    const headers = { "content-type": "application/json", ...(authorization ? { authorization } : {}) };
    const body = JSON.stringify({ name: "go", qi_id: "q", steps: [] });
    const response = await world.fetch(`${world.url}${path}`, { method: "POST", headers, body });
    return { status: response.status, events: world.engine.history().events.length };
  };

  it("§3.7 takes no event with another event key, and no checkpoint without the signing key", async () => {
    expect(await post("/e/other")).toEqual({ status: 401, events: 0 });
    expect(await post("/e/events")).toEqual({ status: 200, events: 1 });
    expect((await post("/v1/checkpoint/01RUN/async")).status).toBe(401);
    expect((await post("/v1/checkpoint/01RUN/async", `Bearer ${KEY}`)).status).toBe(401);
  });
});

describe("signatures", () => {
  const now = Date.UTC(2026, 0, 1);

  it("§3.6 are of the canonical form, whose keys are in the order of their code units", () => {
    expect(canonicalJson(JSON.parse('{"b":1.0,"10":[true,null],"2":{"z":"é\\u20ac","a":1e21}}'))).toBe(
      '{"10":[true,null],"2":{"a":1e+21,"z":"é€"},"b":1}',
    );
  });

  it("§3.6 hold five minutes in both directions, for their text and key alone", () => {
    const header = signatureOf("text", KEY, now);
    const isGood = (text: string, key: string, at: number) => isSignedWith(text, key, header, at);
    expect(isGood("text", KEY, now + 5 * MINUTE)).toBe(true);
    expect(isGood("text", KEY, now - 5 * MINUTE)).toBe(true);
    expect(isGood("text", KEY, now + 5 * MINUTE + 1)).toBe(false);
    expect(isGood("text", KEY, now - 5 * MINUTE - 1)).toBe(false);
    expect(isGood("texts", KEY, now)).toBe(false);
    expect(isGood("text", OLD_KEY, now)).toBe(false);
    expect(isSignedWith("text", KEY, undefined, now)).toBe(false);
    expect(isSignedWith("text", KEY, "t=x&s=", now)).toBe(false);
  });

  it("§3.4 are looked for inside of a streaming app's envelope", async () => {
    const body = '"done"';
    const answering = (inner: string): Transport =>
      signedTransport(
        async () => ({
          status: 201,
          headers: { "x-inngest-sdk": "js" },
          body: JSON.stringify({
            status: 200,
            headers: { "X-Inngest-Signature": signatureOf(inner, KEY, now) },
            body,
          }),
        }),
        { signingKey: KEY },
        () => now,
      );
    const request = { url: IN_PROCESS_APP, method: "POST", headers: {}, body: "{}" } as const;
    const signal = new AbortController().signal;
    expect(await answering(body)({ ...request, signal })).toMatchObject({ status: 200, body });
    await expect(answering("other")({ ...request, signal })).rejects.toThrow("does not bear its signature");
  });
});
