/** Which services a launch replaces, and which mixes it refuses, from the environment alone. */
import { expect, test } from "vitest";
import { ConfigurationError } from "@/lib/errors";
import type { InngestCli } from "@/lib/local/launcher/inngest-cli";
import { planLaunch } from "@/lib/local/launcher/plan";

const noCli: InngestCli = { kind: "none" };
const realRedis = { UPSTASH_REDIS_REST_URL: "https://x.upstash.io", UPSTASH_REDIS_REST_TOKEN: "token" };

/** The faults that it names, or none. */
function faultsOf(variables: Readonly<Record<string, string>>): readonly string[] {
  try {
    planLaunch(variables, noCli);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

test("without keys everything is local, in an environment of this machine", () => {
  const plan = planLaunch({}, noCli);

  expect(plan).toMatchObject({
    e2b: { kind: "local", why: "no E2B_API_KEY" },
    upstash: { kind: "local", why: "no UPSTASH_REDIS_REST_URL and _TOKEN" },
    inngest: { kind: "embedded" },
  });
  expect(plan.environment).toBeUndefined();
});

test("an empty variable is one that is not set", () => {
  const empty = {
    E2B_API_KEY: "",
    UPSTASH_REDIS_REST_URL: "",
    UPSTASH_REDIS_REST_TOKEN: "",
    REKINDLE_ENV: "",
  };

  expect(planLaunch(empty, noCli)).toEqual(planLaunch({}, noCli));
});

test("each real key makes its own service real and leaves the others local", () => {
  const withE2b = planLaunch({ E2B_API_KEY: "key", REKINDLE_ENV: "mine" }, noCli);
  const withRedis = planLaunch({ ...realRedis, REKINDLE_ENV: "mine" }, noCli);

  expect([withE2b.e2b.kind, withE2b.upstash.kind]).toEqual(["real", "local"]);
  expect([withRedis.e2b.kind, withRedis.upstash.kind]).toEqual(["local", "real"]);
});

test("the environment that was chosen is kept", () => {
  expect(planLaunch({ REKINDLE_ENV: "mine" }, noCli).environment).toBe("mine");
});

test.each([
  ["E2B", { E2B_API_KEY: "key" }],
  ["Upstash", realRedis],
])("real %s without an environment of one's own is refused", (_service, variables) => {
  expect(faultsOf(variables)).toEqual([expect.stringContaining("REKINDLE_ENV is missing")]);
  expect(faultsOf({ ...variables, REKINDLE_ENV: "mine" })).toEqual([]);
});

test.each(["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"])("%s alone is refused", (name) => {
  expect(faultsOf({ [name]: "https://x.upstash.io" })).toEqual([
    expect.stringContaining("set both or neither"),
  ]);
});

test.each(["INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"])(
  "%s is refused: the cloud cannot call a laptop",
  (name) => {
    expect(faultsOf({ [name]: "key" })).toEqual([expect.stringContaining("cannot call a laptop")]);
  },
);

test("all faults are named at once, and no value", () => {
  const variables = {
    E2B_API_KEY: "secret-1",
    UPSTASH_REDIS_REST_TOKEN: "secret-2",
    INNGEST_EVENT_KEY: "secret-3",
  };

  expect(faultsOf(variables)).toHaveLength(3);
  expect(() => planLaunch(variables, noCli)).not.toThrow(/secret/);
});

test.each<[string, InngestCli, object]>([
  [
    "a CLI on PATH is taken by itself, and the table says which",
    { kind: "found", executable: "/bin/inngest-cli", by: "PATH" },
    { kind: "dev-server", executable: "/bin/inngest-cli", why: "found by PATH: /bin/inngest-cli" },
  ],
  [
    "the CLI that INNGEST_CLI names is taken",
    { kind: "found", executable: "/opt/i", by: "INNGEST_CLI" },
    { kind: "dev-server", executable: "/opt/i", why: "found by INNGEST_CLI: /opt/i" },
  ],
  [
    "without a CLI it is the embedded engine, which says why",
    { kind: "none" },
    { kind: "embedded", why: expect.stringContaining("no inngest-cli or inngest on PATH") },
  ],
  [
    "INNGEST_CLI=none asks for the embedded engine",
    { kind: "unwanted" },
    { kind: "embedded", why: expect.stringContaining("INNGEST_CLI=none") },
  ],
])("Inngest: %s", (_what, cli, choice) => {
  expect(planLaunch({}, cli).inngest).toEqual(choice);
});

test("an INNGEST_CLI that cannot be run is refused, not passed over", () => {
  const plan = () => planLaunch({}, { kind: "broken", named: "/nowhere/inngest" });

  expect(plan).toThrow(/INNGEST_CLI names \/nowhere\/inngest/);
});
