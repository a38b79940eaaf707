/** What is accepted as functions and events, and what is refused with which sentence (inngest.md §1.4, §2.8, §2.9). */

import { describe, expect, it } from "vitest";
import { parseEvents } from "@/lib/local/inngest/events";
import { createIds } from "@/lib/local/inngest/ids";
import { readRegistration } from "@/lib/local/inngest/registration";
import { seededRandom } from "@/lib/random";

const configured = (options: Record<string, unknown>, id = "app-f") => ({
  id,
  name: "f",
  triggers: [{ event: "go" }],
  steps: {
    step: {
      id: "step",
      name: "step",
      runtime: { type: "http", url: "http://127.0.0.1:1/api?fnId=f&stepId=step" },
    },
  },
  ...options,
});

const problemsOf = (...functions: unknown[]) => {
  const registration = readRegistration({ app_id: "app", functions });
  return registration.kind === "refused" ? registration.problems : [];
};

describe("registration", () => {
  it("accepts a plain function with the server's default of four retries", () => {
    const registration = readRegistration({ app_id: "app", functions: [configured({})] });
    expect(registration).toMatchObject({ kind: "accepted", functions: [{ id: "app-f", maxAttempts: 5 }] });
  });

  it.each([
    [{ batchEvents: { maxSize: 2, timeout: "5s" } }, "batchEvents is not supported"],
    [{ rateLimit: { limit: 0, period: "1m" } }, "rateLimit.limit"],
    [
      { rateLimit: { limit: 1, period: "1m" }, idempotency: "event.data.id" },
      "rateLimit together with idempotency",
    ],
    [{ priority: { run: "event.data." } }, "is not an expression"],
    [{ triggers: [{ cron: "@every 5m" }] }, "it takes one of @hourly"],
    [{ triggers: [{ cron: "0 0 L * *" }] }, '"L" is no field of it'],
    [{ triggers: [{ cron: "0 0 * * 5#2" }] }, '"5#2" is no field of it'],
    [{ triggers: [{ cron: "0 0 * * 1-7" }] }, "Sunday is 0, not 7"],
    [{ triggers: [{ cron: "0 0 30 2 *" }] }, "it never falls due"],
    [{ triggers: [{ event: "go", cron: "0 0 * * *" }] }, "either an event or a cron"],
    [{ concurrency: [{ limit: 1 }, { limit: 2 }, { limit: 3 }] }, "at most 2 concurrency limits"],
    [{ throttle: { limit: 1, period: "8d" } }, "the period lies between 1 s and 7 d"],
    [{ triggers: [{ cron: "*/5 * * * * *" }] }, "it takes five fields"],
    [{ triggers: [{ cron: "61 * * * *" }] }, "is not a cron"],
    [{ triggers: [{ cron: "TZ=Nowhere/City 0 * * * *" }] }, "is not a cron"],
    [{ triggers: [{ event: "go", expression: "event.data.n >" }] }, "is not an expression"],
    [{ triggers: Array.from({ length: 11 }, () => ({ event: "go" })) }, "at most 10 triggers"],
    [{ cancel: Array.from({ length: 6 }, () => ({ event: "go" })) }, "at most 5 cancelOn"],
    [{ debounce: { period: "500ms" } }, "the period lies between 1 s and 7 d"],
    [{ debounce: { period: "soon" } }, "is not a span of time"],
    [{ debounce: { period: "5s" }, idempotency: "event.data.id" }, "debounce together with idempotency"],
    [{ somethingNew: true }, "somethingNew"],
  ])("refuses %j with a sentence that names the function", (options, sentence) => {
    const problems = problemsOf(configured(options));
    expect(problems.join("\n")).toContain(sentence);
    expect(problems.every((problem) => problem.startsWith("app-f: "))).toBe(true);
  });

  it("registers nothing when one of several functions is refused, and names every problem", () => {
    const problems = problemsOf(
      configured({}),
      configured({ batchEvents: {} }, "app-a"),
      configured({ rateLimit: {} }, "app-b"),
    );
    expect(new Set(problems.map((problem) => problem.split(":")[0]))).toEqual(new Set(["app-a", "app-b"]));
  });

  it("§2.8 says in the real server's words that the whole set is refused", () => {
    const functions = [configured({}), configured({ triggers: [{ cron: "* * * * * *" }] }, "app-a")];
    expect(readRegistration({ app_id: "app", functions })).toEqual({
      kind: "refused",
      message: "At least one function is invalid",
      problems: [expect.stringContaining("app-a: ")],
    });
  });

  it.each([
    "@hourly",
    "@daily",
    "*/5 * * * *",
    "TZ=Europe/Berlin 0 9 * * mon-fri",
    "CRON_TZ=America/New_York 0 0 1,15 jan-jun ?",
    "15,45 */2 * * 0",
  ])("§1.4 accepts the cron %s", (cron) => {
    expect(problemsOf(configured({ triggers: [{ cron }] }))).toEqual([]);
  });

  it("refuses an id that is used twice", () => {
    expect(problemsOf(configured({}), configured({}))).toEqual(["app-f: the id is used twice"]);
  });
});

describe("events", () => {
  const clock = { now: () => 1000, after: () => () => undefined };
  const parse = (body: unknown) => parseEvents(body, null, createIds(clock, seededRandom(1)), clock.now());

  it("strips what only the engine may say", () => {
    expect(parse({ name: "go", data: { n: 1, _inngest: { correlation_id: "x.y" } } })[0]?.wire.data).toEqual({
      n: 1,
    });
  });

  it.each([
    [{ name: "" }, "event name is empty"],
    [{ name: "inngest/function.failed" }, "event name is reserved"],
    [{ name: "n".repeat(513) }, "longer than 512"],
    [{ name: "go", data: { text: "x".repeat(600_000) } }, "larger than 524288 bytes"],
    [{ name: "go", data: "text" }, "event is not valid"],
    [[{ name: "go" }, { name: "" }], "event name is empty"],
    [Array.from({ length: 5001 }, () => ({ name: "go" })), "at most 5000 events"],
  ])("refuses the whole send when an event breaks a rule (%#)", (body, sentence) => {
    expect(() => parse(body)).toThrow(sentence);
  });
});
