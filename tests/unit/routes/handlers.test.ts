/** The HTTP face: who is refused before anything happens, and what an error looks like from outside. */
import { describe, expect, test } from "vitest";
import * as errors from "@/lib/errors";
import { silentLog } from "@/lib/log";
import type { Explanation } from "@/lib/preview/explain";
import type { PreviewView } from "@/lib/preview/view";
import { type Authorize, createHandlers, type Handlers } from "@/lib/routes/handlers";

const view: PreviewView = {
  projectId: "p1",
  userId: "u1",
  state: "running",
  reason: { code: "requested", title: "t", message: "m" },
  action: "none",
  viewers: 1,
  holds: 0,
  serverNow: 1,
  beatEveryMs: 1,
};
const explanation: Explanation = {
  why: ["Running for 1 min."],
  entries: [{ at: 1, title: "Running", detail: "By a person." }],
};
const acting = ["open", "beat", "leave"] as const;

function handlers(options: { authorize?: Authorize; fail?: unknown } = {}) {
  const called: unknown[] = [];
  const logged: unknown[] = [];
  const answering =
    <T>(name: string, answer: T) =>
    async (whose: unknown) => {
      called.push([name, whose]);
      if ("fail" in options) throw options.fail;
      return answer;
    };
  const operation = (name: string) => answering(name, view);
  const operations = {
    open: operation("open"),
    beat: operation("beat"),
    leave: operation("leave"),
    status: operation("status"),
    explain: answering("explain", explanation),
  };
  const log = { ...silentLog, error: (fields: unknown, message: string) => logged.push([fields, message]) };
  const made: Handlers = createHandlers(operations, options.authorize ?? (async () => "u1"), log);
  return { handlers: made, called, logged };
}

const post = (headers: Record<string, string> = {}, body: string = JSON.stringify({ viewerId: "v1" })) =>
  new Request("https://app.test/api/previews/p1/open", {
    method: "POST",
    headers: { host: "app.test", "content-type": "application/json", ...headers },
    body,
  });
const get = () => new Request("https://app.test/api/previews/p1", { headers: { host: "app.test" } });

describe("a GET", () => {
  test("answers the view and never acts", async () => {
    const { handlers: at, called } = handlers();

    const response = await at.status(get(), "p1");

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(view);
    expect(called).toEqual([["status", { projectId: "p1", userId: "u1" }]]);
  });

  test("of the history answers why, and one sentence an entry, for the user whom authorize named", async () => {
    const { handlers: at, called } = handlers({ authorize: async () => "the-user" });

    const response = await at.history(get(), "p1");

    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual(explanation);
    expect(called).toEqual([["explain", { projectId: "p1", userId: "the-user" }]]);
  });

  test("of the history of what is not theirs, or not there, is not found", async () => {
    const { handlers: at, called } = handlers({ authorize: async () => undefined });

    expect((await at.history(get(), "p1")).status).toBe(404);
    expect(called).toEqual([]);
  });

  test("is cached by nobody", async () => {
    expect((await handlers().handlers.status(get(), "p1")).headers.get("cache-control")).toBe("no-store");
  });

  test("has no CORS headers: no page of another site may read an answer", async () => {
    const response = await handlers().handlers.status(get(), "p1");

    expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe.each(acting)("%s", (name) => {
  test("does it once, for the user whom authorize named and for nobody else", async () => {
    const { handlers: at, called } = handlers({ authorize: async () => "the-user" });

    const response = await at[name](
      post({}, JSON.stringify({ viewerId: "v1", userId: "somebody-else" })),
      "p1",
    );

    expect(response.status).toBe(200);
    expect(called).toEqual([[name, { projectId: "p1", userId: "the-user", viewerId: "v1" }]]);
  });

  test("is not found for whom authorize does not name, whether it exists or not", async () => {
    const { handlers: at, called } = handlers({ authorize: async () => undefined });

    const response = await at[name](post(), "p1");

    expect(response.status).toBe(404);
    expect(called).toEqual([]);
  });

  const foreign: [string, Record<string, string>][] = [
    ["another origin", { origin: "https://evil.test" }],
    ["another port", { origin: "https://app.test:8443" }],
    ["an opaque origin", { origin: "null" }],
    ["a cross-site page", { "sec-fetch-site": "cross-site" }],
    ["a sister site", { "sec-fetch-site": "same-site" }],
    [
      "a page that claims our origin from another site",
      { origin: "https://app.test", "sec-fetch-site": "cross-site" },
    ],
  ];
  test.each(foreign)("is refused from %s", async (_case, headers) => {
    const { handlers: at, called } = handlers();

    const response = await at[name](post(headers), "p1");

    expect(response.status).toBe(400);
    expect(called).toEqual([]);
  });

  test.each([
    [{}],
    [{ origin: "https://app.test" }],
    [{ origin: "https://app.test", "sec-fetch-site": "same-origin" }],
    [{ "sec-fetch-site": "none" }],
  ])("is accepted from our own pages and from programs: %j", async (headers) => {
    expect((await handlers().handlers[name](post(headers), "p1")).status).toBe(200);
  });

  const bad: [string, Record<string, string>, string][] = [
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, "viewerId=v1"],
    ["text, which needs no preflight", { "content-type": "text/plain" }, '{"viewerId":"v1"}'],
    ["what is not JSON", {}, "{viewerId"],
    ["JSON of another shape", {}, '{"viewer":"v1"}'],
    ["a viewer that is no text", {}, '{"viewerId":7}'],
    ["nothing", {}, ""],
    ["too much", {}, JSON.stringify({ viewerId: "v1", more: "x".repeat(2_000) })],
  ];
  test.each(bad)("refuses %s", async (_case, headers, body) => {
    const { handlers: at, called } = handlers();

    const response = await at[name](post(headers, body), "p1");

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid-request", retriable: false } });
    expect(called).toEqual([]);
  });
});

describe("an error", () => {
  const statuses: [errors.RekindleError, number][] = [
    [new errors.ConfigurationError(["x"]), 500],
    [new errors.AccessControlMissingError(), 503],
    [new errors.InvalidRequestError("x"), 400],
    [new errors.UnknownProjectError("p1"), 404],
    [new errors.FilesUnavailableError("p1"), 503],
    [new errors.NoRecipeError("x"), 422],
    [new errors.SandboxGoneError("i1"), 409],
    [new errors.ProviderUnreachableError("create"), 503],
    [new errors.ProviderRefusedError("create", 401), 502],
    [new errors.ProviderBusyError("pause"), 503],
    [new errors.ProviderCapacityError(20), 503],
    [new errors.ProviderRateError("create"), 503],
    [new errors.StoreUnreachableError("claim"), 503],
    [new errors.StoreRefusedError("claim"), 500],
    [new errors.RecordUnreadableError("p"), 503],
    [new errors.EventsUnreachableError("preview/requested"), 503],
    [new errors.LeaseLostError("p"), 409],
    [new errors.IllegalTransitionError("p", "a", "b"), 500],
  ];

  test.each(statuses.map(([error, status]) => [error.code, error, status] as const))(
    "of the catalogue answers its status, code and sentence: %s",
    async (code, error, status) => {
      const response = await handlers({ fail: error }).handlers.open(post(), "p1");

      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        error: { code, message: error.message, retriable: error.retriable },
      });
    },
  );

  test("that is not of the catalogue carries no text, and its name is logged", async () => {
    const { handlers: at, logged } = handlers({ fail: new TypeError("CANARY at /home/app/secret.ts") });

    const response = await at.open(post(), "p1");
    const text = await response.text();

    expect(response.status).toBe(500);
    expect(text).not.toContain("CANARY");
    expect(JSON.parse(text)).toMatchObject({ error: { code: "unexpected" } });
    expect(JSON.stringify(logged)).toContain("TypeError");
    expect(JSON.stringify(logged)).not.toContain("CANARY");
  });

  test("carries nothing of its cause", async () => {
    const fail = new errors.StoreUnreachableError("claim", new Error("CANARY"));

    const response = await handlers({ fail }).handlers.open(post(), "p1");

    expect(await response.text()).not.toContain("CANARY");
  });

  test("in authorize refuses: nothing is done for somebody who could not be told", async () => {
    const { handlers: at, called } = handlers({
      authorize: async () => {
        throw new Error("the session store is down");
      },
    });

    const responses = [await at.status(get(), "p1"), await at.open(post(), "p1")];

    expect(responses.map(({ status }) => status)).toEqual([500, 500]);
    expect(called).toEqual([]);
  });
});
