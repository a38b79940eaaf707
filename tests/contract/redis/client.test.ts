/** What `lib/redis.ts` promises when the store misbehaves, shown with the real SDK and real sockets. */
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { StoreRefusedError, StoreUnreachableError } from "@/lib/errors";
import { upstashRedis } from "@/lib/redis";
import { type Misbehaviour, refusing, replying, startMisbehaving } from "./misbehaving-server";

const lua = "return redis.call('GET', KEYS[1]) -- CANARY-script";
const script = { name: "read-record", lua };
const token = "CANARY-token";
/** Only what never answers is waited out; anything else may take its time on a busy machine. */
const deadlineOf = (plan: readonly Misbehaviour[]) =>
  plan.some(({ kind }) => kind.startsWith("hang")) ? 150 : 10_000;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function against(...plan: Misbehaviour[]) {
  const server = await startMisbehaving(...plan);
  closing.push(server.close);
  const redis = upstashRedis({ url: server.url, token, deadlineMs: deadlineOf(plan) });
  return { server, run: () => redis.runScript(script, ["CANARY-key"], ["CANARY-argument"]) };
}

/** Everything of an error that a logger, a serializer or a debugger could print. */
function everythingOf(error: unknown): string {
  const chain: unknown[] = [];
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    chain.push(link.message, link.stack, JSON.stringify(link), JSON.stringify({ ...link }), String(link));
  }
  return [...chain, inspect(error, { depth: 10, showHidden: true })].join("\n");
}

const unreachable: [string, Misbehaviour][] = [
  ["a server that never answers", { kind: "hang" }],
  ["a server that stops in the middle of its answer", { kind: "hang-after-headers" }],
  ["a dropped connection", { kind: "drop" }],
  ["status 500 with JSON", { kind: "answer", status: 500, body: '{"error":"ERR boom CANARY-body"}' }],
  ["status 503 from a proxy", { kind: "answer", status: 503, body: "<html>CANARY-body</html>" }],
  ["status 429", { kind: "answer", status: 429, body: '{"error":"ERR too many requests"}' }],
  ["an answer that is no pipeline", { kind: "answer", status: 200, body: '{"result":"T0s="}' }],
  ["an answer without a reply", { kind: "answer", status: 200, body: "[]" }],
  ["an answer that is no JSON", { kind: "answer", status: 200, body: "CANARY-body" }],
  ["a reply that Redis cannot give", { kind: "answer", status: 200, body: '[{"result":true}]' }],
];

const refused: [string, Misbehaviour][] = [
  ["a fault in the script", refusing("ERR user_script:3: CANARY-argument script: abc, on @user_script:3.")],
  ["a wrong kind of value", refusing("WRONGTYPE Operation against a key holding the wrong kind of value")],
  [
    "a wrong token",
    { kind: "answer", status: 401, body: '{"error":"WRONGPASS invalid or missing auth token"}' },
  ],
];

describe("a store that cannot be reached", () => {
  test.each(unreachable)("%s throws a retriable StoreUnreachableError", async (_case, misbehaviour) => {
    const { run } = await against(misbehaviour);
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreUnreachableError);
    expect(error).toMatchObject({ retriable: true, safeDetails: { script: "read-record" } });
  });

  test.each(unreachable)("%s is asked exactly once", async (_case, misbehaviour) => {
    const { run, server } = await against(misbehaviour);
    await run().catch(() => undefined);
    expect(server.seen).toEqual([{ path: "/pipeline", commands: ["EVALSHA"] }]);
  });

  test("a port where nobody listens is named by its system code", async () => {
    const { run, server } = await against({ kind: "hang" });
    await server.close();
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "store-unreachable", cause: { message: "ECONNREFUSED" } });
  });

  test("a time-out says so", async () => {
    const { run } = await against({ kind: "hang" });
    await expect(run()).rejects.toMatchObject({ cause: { message: "TimeoutError" } });
  });
});

describe("a store that refuses", () => {
  test.each(refused)("%s throws a StoreRefusedError that is not retriable", async (_case, misbehaviour) => {
    const { run, server } = await against(misbehaviour);
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreRefusedError);
    expect(error).toMatchObject({ retriable: false });
    expect(server.seen).toHaveLength(1);
  });

  test("the code and the script's line are kept, the text is not", async () => {
    const { run } = await against(refusing("STALE lease CANARY-argument script: abc, on @user_script:12."));
    await expect(run()).rejects.toMatchObject({
      cause: { message: "Redis answered STALE at line 12 of the script" },
    });
  });
});

describe("secrecy", () => {
  const every = [...unreachable, ...refused];
  test.each(every)(
    "the error after %s carries no command text, no body and no token",
    async (_case, misbehaviour) => {
      const { run } = await against(misbehaviour);
      const error = await run().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      expect(everythingOf(error)).not.toContain("CANARY");
    },
  );

  test("a token that is no legal header stays out of the error", async () => {
    const { server } = await against(replying("x"));
    const redis = upstashRedis({ url: server.url, token: "CANARY\u{1F511}", deadlineMs: 10_000 });
    const error = await redis.runScript(script, [], []).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreUnreachableError);
    expect(everythingOf(error)).not.toContain("CANARY");
    expect(server.seen).toEqual([]);
  });
});

describe("a script that the server does not know", () => {
  const noScript = refusing("NOSCRIPT No matching script. Please use EVAL.");

  test("is sent in full exactly once", async () => {
    const { run, server } = await against(noScript, replying("answer"));
    await expect(run()).resolves.toBe("answer");
    expect(server.seen.flatMap(({ commands }) => commands)).toEqual(["EVALSHA", "EVAL"]);
  });

  test("is not sent again when the full form fails too", async () => {
    const { run, server } = await against(noScript, noScript, replying("answer"));
    await expect(run()).rejects.toBeInstanceOf(StoreRefusedError);
    expect(server.seen.flatMap(({ commands }) => commands)).toEqual(["EVALSHA", "EVAL"]);
  });

  test("is not sent again when the connection drops on the full form", async () => {
    const { run, server } = await against(noScript, { kind: "drop" }, replying("answer"));
    await expect(run()).rejects.toBeInstanceOf(StoreUnreachableError);
    expect(server.seen).toHaveLength(2);
  });
});

describe("replies", () => {
  const texts = ["12345", "1e5", "0012", "true", "null", '{"a":1}', "9007199254740993", "OK", "", "i12ab"];
  test.each(texts)("the text %j comes back as the same text", async (text) => {
    const { run } = await against(replying(text));
    await expect(run()).resolves.toBe(text);
  });

  test("nested arrays keep texts, integers and nulls apart", async () => {
    const reply = ["1", 1, null, ["2", 2, null, ["OK", []]]];
    const { run } = await against(replying(reply));
    await expect(run()).resolves.toEqual(reply);
  });

  test("null is a reply, not a failure", async () => {
    const { run } = await against(replying(null));
    await expect(run()).resolves.toBeNull();
  });

  test("two scripts at the same time travel in requests of their own", async () => {
    const { run, server } = await against(replying(1));
    await Promise.all([run(), run()]);
    expect(server.seen.map(({ commands }) => commands.length)).toEqual([1, 1]);
  });
});
