/** The environment: everything that is missing is named at once, and never a value. */
import { describe, expect, test } from "vitest";
import { readEnvironment } from "@/lib/env";
import { ConfigurationError } from "@/lib/errors";

const complete = {
  REKINDLE_ENV: "test-1",
  UPSTASH_REDIS_REST_URL: "https://CANARY-host.upstash.io",
  UPSTASH_REDIS_REST_TOKEN: "CANARY-token",
  E2B_API_KEY: "CANARY-key",
  PROJECTS_FOLDER: "/CANARY-folder",
  INNGEST_EVENT_KEY: "CANARY-event-key",
  INNGEST_SIGNING_KEY: "CANARY-signing-key",
};
const required = [...Object.keys(complete)];

function faultsOf(source: Record<string, string | undefined>): readonly string[] {
  try {
    readEnvironment(source);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain("CANARY");
    return error.faults;
  }
}

test("a complete environment is read as it is", () => {
  expect(readEnvironment(complete)).toEqual(complete);
});

test("what this process has besides is left out", () => {
  expect(readEnvironment({ ...complete, AWS_SECRET: "x" })).not.toHaveProperty("AWS_SECRET");
});

describe("what is missing", () => {
  test("is named all at once", () => {
    const faults = faultsOf({});

    for (const name of required) {
      expect([name, faults.filter((fault) => fault.startsWith(`${name} is missing`)).length]).toEqual([
        name,
        1,
      ]);
    }
    expect(faults).toHaveLength(required.length);
  });

  test.each(required)("%s alone is named alone", (name) => {
    const faults = faultsOf({ ...complete, [name]: undefined });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${name} is missing`);
  });

  test.each(required)("includes an empty %s, as shells unset a variable", (name) => {
    expect(faultsOf({ ...complete, [name]: "" })).toHaveLength(1);
  });
});

describe("what does not fit", () => {
  test.each([
    ["REKINDLE_ENV", "CANARY Production"],
    ["REKINDLE_ENV", "x".repeat(41)],
    ["UPSTASH_REDIS_REST_URL", "CANARY"],
    ["UPSTASH_REDIS_REST_URL", "rediss://CANARY:6379"],
    ["E2B_API_URL", "CANARY"],
    ["E2B_SANDBOX_URL", "ftp://CANARY"],
    ["LOCAL_CLOUD_CONTROL_URL", "CANARY"],
    ["LOCAL_CLOUD_CONTROL_URL", "https://CANARY.example"],
    ["LOCAL_CLOUD_CONTROL_URL", "http://127.0.0.1.CANARY.example:4000"],
    ["E2B_WEBHOOK_SECRET", "CANARY"],
    ["REKINDLE_POLICY", "CANARY"],
    ["REKINDLE_POLICY", '{"idleAfterMs": "CANARY"}'],
    ["REKINDLE_POLICY", '{"CANARY": 1}'],
    ["REKINDLE_POLICY", "[]"],
    ["REKINDLE_POLICY", "null"],
  ])("%s is named, and its value is not told: %s", (name, value) => {
    const faults = faultsOf({ ...complete, [name]: value });

    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(name);
  });

  test("is named together with what is missing", () => {
    const faults = faultsOf({ ...complete, E2B_API_KEY: undefined, REKINDLE_ENV: "NO" });

    expect(faults).toHaveLength(2);
  });
});

test("numbers of the policy are read as JSON", () => {
  const { REKINDLE_POLICY } = readEnvironment({ ...complete, REKINDLE_POLICY: '{"idleAfterMs": 60000}' });

  expect(REKINDLE_POLICY).toEqual({ idleAfterMs: 60_000 });
});

test("several secrets of the webhook are separated by commas, and none of them is empty", () => {
  const [one, other] = ["CANARY-secret-one", "CANARY-secret-two"];

  expect(readEnvironment({ ...complete, E2B_WEBHOOK_SECRET: `${one}, ${other}` })).toMatchObject({
    E2B_WEBHOOK_SECRET: [one, other],
  });
  expect(faultsOf({ ...complete, E2B_WEBHOOK_SECRET: `${one},` })).toEqual([
    expect.stringContaining("E2B_WEBHOOK_SECRET"),
  ]);
});

describe("the address at which sandboxes can be made to fail", () => {
  test.each(["http://127.0.0.1:4000", "http://localhost:4000", "http://[::1]:4000"])(
    "may be %s, of this machine",
    (LOCAL_CLOUD_CONTROL_URL) => {
      expect(readEnvironment({ ...complete, LOCAL_CLOUD_CONTROL_URL })).toMatchObject({
        LOCAL_CLOUD_CONTROL_URL,
      });
    },
  );

  test("is refused in production", () => {
    const LOCAL_CLOUD_CONTROL_URL = "http://127.0.0.1:4000";
    const faults = faultsOf({ ...complete, LOCAL_CLOUD_CONTROL_URL, NODE_ENV: "production" });

    expect(faults).toEqual([expect.stringContaining("LOCAL_CLOUD_CONTROL_URL is set in production")]);
  });

  test.each([undefined, ""])("is absent as %j, in production too", (LOCAL_CLOUD_CONTROL_URL) => {
    const environment = readEnvironment({ ...complete, LOCAL_CLOUD_CONTROL_URL, NODE_ENV: "production" });

    expect(environment).not.toHaveProperty("LOCAL_CLOUD_CONTROL_URL");
  });
});

describe("Inngest", () => {
  const withoutKeys = { ...complete, INNGEST_EVENT_KEY: undefined, INNGEST_SIGNING_KEY: undefined };

  test.each(["1", "true", "http://127.0.0.1:8288"])("in dev mode (%s) needs no keys", (INNGEST_DEV) => {
    expect(faultsOf({ ...withoutKeys, INNGEST_DEV })).toEqual([]);
  });

  test.each(["0", "false", ""])("with INNGEST_DEV=%j needs both keys", (INNGEST_DEV) => {
    expect(faultsOf({ ...withoutKeys, INNGEST_DEV })).toHaveLength(2);
  });

  test.each(["1", "true", "http://127.0.0.1:8288"])(
    "in dev mode (%s) is refused in production, keys or not",
    (INNGEST_DEV) => {
      const faults = faultsOf({ ...complete, INNGEST_DEV, NODE_ENV: "production" });

      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain("INNGEST_DEV");
    },
  );

  test("with INNGEST_DEV=0 is accepted in production", () => {
    expect(faultsOf({ ...complete, INNGEST_DEV: "0", NODE_ENV: "production" })).toEqual([]);
  });
});
