/** What keeps a developer's machine safe: the engine takes any event key, so who may speak to it decides (DESIGN). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "@/lib/clock";
import { type LocalInngest, startInngest } from "@/lib/local/inngest/start-inngest";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { askEngine, type Sent } from "./ask-engine";

let inngest: LocalInngest;
beforeEach(async () => {
  inngest = await startInngest({ clock: systemClock, random: systemRandom, log: silentLog, appUrls: [] });
});
afterEach(() => inngest.stop());

const send = (sent: Sent) => askEngine(inngest.url, sent);

const json = { "content-type": "application/json" };

describe("safety", () => {
  it("listens on loopback and takes an event from a program of this machine", async () => {
    expect(new URL(inngest.url).hostname).toBe("127.0.0.1");
    expect((await send({ headers: json })).status).toBe(200);
  });

  it.each([
    ["a rebound host name", { headers: { ...json, host: "evil.example:8288" } }, 403],
    ["a page of another origin", { headers: { ...json, origin: "http://evil.example" } }, 403],
    ["a page of another local port", { headers: { ...json, origin: "http://localhost:3000" } }, 403],
    ["a sandboxed page", { headers: { ...json, origin: "null" } }, 403],
    [
      "a no-cors post of another origin",
      { headers: { "content-type": "text/plain", origin: "http://evil.example" } },
      403,
    ],
    ["a form without an origin", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
    ["a body without a type", {}, 415],
    [
      "reading the history from a rebound host name",
      { method: "GET", path: "/v1/events", headers: { host: "evil.example" } },
      403,
    ],
    [
      "cancelling a run from another origin",
      { method: "DELETE", path: "/v1/runs/x", headers: { origin: "http://evil.example" } },
      403,
    ],
  ])("refuses %s, and records nothing", async (_name, sent, status) => {
    const response = await send(sent);
    expect(response.status).toBe(status);
    expect(inngest.engine.history().events).toEqual([]);
  });

  it("answers a preflight without any CORS header", async () => {
    const response = await send({ method: "OPTIONS", headers: { origin: "http://evil.example" } });
    expect(response.status).toBe(403);
    expect(Object.keys(response.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each([
    ["POST", "/v1/signals"],
    ["POST", "/fn/register"],
    ["POST", "/v1/checkpoint"],
    ["POST", "/v1/checkpoint/01RUN/steps"],
    ["POST", "/v1/realtime/token"],
    ["GET", "/v0/runs/01RUN/actions"],
    ["POST", "/e/key/more"],
  ])("answers 501 with method and path for %s %s, which it lacks", async (method, path) => {
    const response = await send({ method, path, headers: json });
    expect(response.status).toBe(501);
    expect(response.body).toContain(`${method} ${path}`);
  });

  it.each([
    ["not JSON", "{", "the body is not JSON"],
    ["a reserved name", '{"name":"inngest/function.failed"}', "event name is reserved"],
    ["a batch with one bad event", '[{"name":"go"},{"name":""}]', "event name is empty"],
  ])("answers 400 in the Event API's form for %s, and records nothing", async (_name, body, error) => {
    const response = await send({ headers: json, body });
    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toEqual({ ids: [""], status: 400, error });
    expect(inngest.engine.history().events).toEqual([]);
  });

  it("refuses to start on a port that is taken", async () => {
    const port = Number(new URL(inngest.url).port);
    const second = startInngest({
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      appUrls: [],
      port,
    });
    await expect(second).rejects.toThrow("EADDRINUSE");
  });
});
