/**
 * The engine's pages, over a real socket: what a newcomer sees of what happened, and that only these pages press their
 * buttons (issue 4; inngest.md §8). How they look is no matter of a test; that Chromium can press them is shown in tests/e2e.
 */
import { NonRetriableError, RetryAfterError } from "inngest";
import { describe, expect, it } from "vitest";
import { MOST_HISTORY_ENTRIES } from "@/lib/local/inngest/history";
import { MOST_SHOWN_CHARACTERS } from "@/lib/local/inngest/pages/words";
import { hostEngine } from "./hosted-engine";

/** A run with a failed try, arguments, a sleep, a wait and a large output, as far as it gets without a reply. */
const hostStory = () =>
  hostEngine((client) => [
    client.createFunction(
      { id: "story", triggers: [{ event: "go" }], retries: 2 },
      async ({ step, attempt }) => {
        await step.run(
          "add",
          (left: number, right: number) => {
            if (attempt === 0) throw new RetryAfterError("not yet", "5s");
            return left + right;
          },
          40,
          2,
        );
        await step.sleep("rest", "1m");
        await step.waitForEvent("reply", { event: "reply", timeout: "10m" });
        return "x".repeat(MOST_SHOWN_CHARACTERS + 500);
      },
    ),
    client.createFunction({ id: "broken", triggers: [{ event: "break" }] }, async () => {
      throw new NonRetriableError("<i>no such project</i>");
    }),
  ]);

type Hosted = Awaited<ReturnType<typeof hostStory>>;

/** The key that the home page carries, as a browser would post it. */
async function keyOf({ get }: Hosted): Promise<string> {
  const found = /name="key" value="([0-9a-f]+)"/.exec((await get("/")).body);
  if (!found?.[1]) throw new Error("The page has no key");
  return found[1];
}

const press = (hosted: Hosted, action: string, fields: Record<string, string>, headers = {}) =>
  hosted.ask({
    path: `/actions/${action}`,
    headers: { "content-type": "application/x-www-form-urlencoded", origin: hosted.url, ...headers },
    body: new URLSearchParams(fields).toString(),
  });

describe("what the pages tell", () => {
  it("issue 4: a run's page has its steps with tries, input, output and times, and its event", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "go", data: { project: "counter" } });
    await hosted.clock.advance(2 * 60_000);
    const { body } = await hosted.get(`/runs/${hosted.newestRun()}`);

    expect(body).toContain("app-story");
    expect(body).toContain("RetryAfterError: not yet");
    expect(body).toMatch(/Input<\/h3><pre>\[\s*40,\s*2\s*\]/);
    expect(body).toContain("<pre>42</pre>");
    expect(body).toMatch(/<b>rest<\/b>[\s\S]*?step\.sleep[\s\S]*?<span class="took">1 min<small>\+ 5 s/);
    expect(body).toMatch(/<b>reply<\/b>[\s\S]*?Waiting[\s\S]*?10m/);
    expect(body).toContain("&quot;counter&quot;");
    expect(body).toContain("10:00:05.000");
  });

  it("issue 4: shows a long output cut, and says how much is left out", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "go" });
    await hosted.clock.advance(20 * 60_000);
    const { body } = await hosted.get(`/runs/${hosted.newestRun()}`);

    expect(body).toContain("Completed");
    // Two of the characters are the quotes around the text.
    expect(body).toContain("and 502 more characters");
    expect(body).not.toContain("x".repeat(MOST_SHOWN_CHARACTERS));
  });

  it("issue 4: an event's page offers to send it again, but not what only the engine sends, nor what no form holds", async () => {
    const hosted = await hostStory();
    const short = hosted.engine.sendEvent({ name: "break", data: { n: 1 } });
    const long = hosted.engine.sendEvent({ name: "long", data: { text: "y".repeat(MOST_SHOWN_CHARACTERS) } });
    await hosted.clock.advance(0);
    const own = hosted.engine.history().events.find(({ name }) => name === "inngest/function.failed");
    const page = async (id: string) => (await hosted.get(`/events/${id}`)).body;

    expect(await page(short)).toMatch(/name="name" value="break"[\s\S]*&quot;n&quot;: 1\s*\}<\/textarea>/);
    expect(await page(long)).not.toContain("<form");
    expect(await page(long)).toContain("more characters");
    expect(await page(own?.id ?? "none")).not.toContain("<form");
  });

  it("issue 4: the home page lists runs, events and what each did, functions, and says that it is volatile and capped", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "break" });
    hosted.engine.sendEvent({ name: "nobody/listens" });
    await hosted.clock.advance(0);
    const { status, body } = await hosted.get("/");

    expect(status).toBe(200);
    expect(body).toMatch(/Failed<\/span>[\s\S]*?app-broken/);
    expect(body).toMatch(/nobody\/listens<\/a><\/td>\s*<td><span class="soft">started nothing/);
    expect(body).toContain("started app-broken");
    expect(body).toContain("<code>app-story</code>");
    expect(body).toContain("everything here ends with the process");
    expect(body).toContain(
      `The newest ${MOST_HISTORY_ENTRIES} events and ${MOST_HISTORY_ENTRIES} runs are kept`,
    );
  });

  it("issue 4: forgets the oldest beyond the cap, and says how many", async () => {
    const hosted = await hostEngine(() => []);
    for (let sent = 0; sent < MOST_HISTORY_ENTRIES + 7; sent += 1)
      hosted.engine.sendEvent({ name: `event/${sent}` });

    expect((await hosted.get("/")).body).toContain("Forgotten so far: 7 events and 0 runs");
    expect(hosted.engine.history().events).toHaveLength(MOST_HISTORY_ENTRIES);
    expect(hosted.engine.history().events[0]?.name).toBe("event/7");
  });

  it("issue 4: escapes names, data and errors wherever they stand", async () => {
    const hosted = await hostStory();
    const name = '"><script>alert(1)</script>';
    const id = hosted.engine.sendEvent({
      name,
      data: { "<img src=x>": "</textarea><script>alert(2)</script>" },
    });
    hosted.engine.sendEvent({ name: "break" });
    await hosted.clock.advance(0);
    const paths = [
      "/",
      `/?status=${encodeURIComponent(name)}&function=${encodeURIComponent(name)}`,
      `/events/${id}`,
    ];
    const pages = [...paths, `/runs/${hosted.newestRun()}`, `/runs/${encodeURIComponent(name)}`];
    for (const path of pages) expect((await hosted.get(path)).body).not.toMatch(/<script|<img|<i>/);

    expect((await hosted.get(`/events/${id}`)).body).toContain("&lt;img src=x&gt;");
    expect((await hosted.get(`/runs/${hosted.newestRun()}`)).body).toContain("&lt;i&gt;no such project");
  });

  it("answers 404 with a page for a run or event that is not in the history", async () => {
    const hosted = await hostStory();

    for (const path of ["/runs/01GONE", "/events/01GONE"]) {
      const { status, headers, body } = await hosted.get(path);
      expect(status).toBe(404);
      expect(headers["content-type"]).toContain("text/html");
      expect(body).toContain("or it was forgotten");
    }
  });

  it.each(["/", "/runs/x", "/events/x"])(
    "forbids scripts, frames and foreign content on %s",
    async (path) => {
      const policy = String((await (await hostStory()).get(path)).headers["content-security-policy"]);

      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("form-action 'self'");
      expect(policy).not.toMatch(/script-src|unsafe/);
    },
  );
});

describe("what the buttons do", () => {
  it("issue 4: Send event sends what was typed, and shows it", async () => {
    const hosted = await hostStory();
    const key = await keyOf(hosted);
    const { status, headers } = await press(hosted, "send", { key, name: "go", data: '{"project":"p"}' });

    expect(status).toBe(303);
    expect((await hosted.get(String(headers.location))).body).toContain("started app-story");
    expect(hosted.engine.history().events[0]).toMatchObject({ name: "go", data: { project: "p" } });
  });

  it.each([
    ["no JSON", { name: "go", data: "{" }, "its data is not JSON"],
    ["no object", { name: "go", data: "[1]" }, "its data is not a JSON object"],
    ["a reserved name", { name: "inngest/function.failed", data: "{}" }, "event name is reserved"],
    ["no name", { name: " ", data: "{}" }, "event name is empty"],
  ])(
    "issue 4: Send event refuses %s with the reason, and keeps what was typed",
    async (_what, draft, reason) => {
      const hosted = await hostStory();
      const { status, body } = await press(hosted, "send", { key: await keyOf(hosted), ...draft });

      expect(status).toBe(400);
      expect(body).toContain(reason);
      expect(body).toContain(`${draft.data}</textarea>`);
      expect(hosted.engine.history().events).toEqual([]);
    },
  );

  it("§8: Rerun starts a new run with the same event and all steps anew", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "break", data: { n: 1 } });
    await hosted.clock.advance(0);
    const [first] = hosted.engine.history().runs;
    const { status, headers } = await press(hosted, "rerun", {
      key: await keyOf(hosted),
      run: first?.id ?? "",
    });
    await hosted.clock.advance(0);

    expect(status).toBe(303);
    const runs = hosted.engine.history().runs;
    expect(runs.map(({ status: end, eventId }) => [end, eventId])).toEqual([
      ["Failed", first?.eventId],
      ["Failed", first?.eventId],
    ]);
    expect(headers.location).toBe(`/runs/${runs[1]?.id}`);
  });

  it("§2.4: Cancel cancels a run in its sleep, and an ended one says why not", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "go" });
    await hosted.clock.advance(10_000);
    const fields = { key: await keyOf(hosted), run: hosted.newestRun() };

    expect((await press(hosted, "cancel", fields)).status).toBe(303);
    expect(hosted.engine.history().runs[0]).toMatchObject({
      status: "Cancelled",
      reason: "cancelled by an operator",
    });
    const again = await press(hosted, "cancel", fields);
    expect(again.status).toBe(409);
    expect(again.body).toContain("cannot be cancelled");
  });

  it("offers Cancel only while there is something to cancel", async () => {
    const hosted = await hostStory();
    hosted.engine.sendEvent({ name: "go" });
    await hosted.clock.advance(10_000);
    const page = async () => (await hosted.get(`/runs/${hosted.newestRun()}`)).body;

    expect(await page()).toContain("/actions/cancel");
    await hosted.clock.advance(60 * 60_000);
    expect(await page()).not.toContain("/actions/cancel");
    expect(await page()).toContain("/actions/rerun");
  });

  it.each([
    ["a page of another origin", { origin: "http://evil.example" }, 403],
    ["a page of another local port", { origin: "http://localhost:3000" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    [
      "a rebound host name, whose origin is its own",
      { host: "evil.example", origin: "http://evil.example" },
      403,
    ],
    ["a plain-text form", { "content-type": "text/plain" }, 415],
    ["JSON", { "content-type": "application/json" }, 415],
  ])("refuses %s even with the key, and does nothing", async (_who, headers, status) => {
    const hosted = await hostStory();
    const key = await keyOf(hosted);

    expect((await press(hosted, "send", { key, name: "go", data: "{}" }, headers)).status).toBe(status);
    expect(hosted.engine.history().events).toEqual([]);
  });

  it("refuses a form without an Origin, which no browser posts", async () => {
    const hosted = await hostStory();
    const { status } = await hosted.ask({
      path: "/actions/send",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ key: await keyOf(hosted), name: "go", data: "{}" }).toString(),
    });

    expect(status).toBe(403);
    expect(hosted.engine.history().events).toEqual([]);
  });

  it.each([
    ["no key", {}],
    ["a wrong key", { key: "0".repeat(64) }],
  ])("refuses a button with %s, and does nothing", async (_what, fields) => {
    const hosted = await hostStory();

    expect((await press(hosted, "send", { ...fields, name: "go", data: "{}" })).status).toBe(403);
    expect(hosted.engine.history().events).toEqual([]);
  });

  it("gives each engine a key of its own", async () => {
    const [first, second] = [await hostStory(), await hostStory()];

    expect(await keyOf(first)).not.toBe(await keyOf(second));
  });
});
