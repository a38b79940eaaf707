/**
 * The parity runner's way to a Dev Server, with a stand-in for the CLI that listens and runs nothing: a process of its own is
 * started, the scenario's app registers with it, its events are sent to it, and it is gone afterwards.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { devServerTarget, versionOf } from "./dev-server-target";
import { type Scenario, send } from "./scenario";

const fakeCli = resolve("tests/support/fake-inngest-cli.mjs");

const scenario: Scenario = {
  id: "spoken-to",
  guarantee: "an app is registered and spoken to",
  evidence: { section: "§3.2", line: 0, mark: "V", reliedOnBy: "this test" },
  functions: (client) => [
    client.createFunction({ id: "work", triggers: [{ event: "go" }] }, async () => null),
  ],
  script: [send({ name: "go", data: { tag: "a" } })],
  expected: { calls: [], outcomes: [] },
  order: "each run",
};

const toldSchema = z.looseObject({
  registered: z.array(z.string()).optional(),
  sent: z.array(z.string()).optional(),
});

test("a scenario's app is registered with a server of its own, and its events are sent there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-fake-cli-"));
  const told = join(folder, "told.jsonl");
  vi.stubEnv("FAKE_CLI_TOLD", told);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  const trace = await devServerTarget(fakeCli)(scenario);

  expect(trace).toEqual({ calls: [], outcomes: [] });
  const lines = (await readFile(told, "utf8")).trim().split("\n");
  const entries = lines.map((line) => toldSchema.parse(JSON.parse(line)));
  expect(entries.flatMap(({ registered }) => registered ?? [])).toEqual([
    "spoken-to-work",
    "spoken-to-observer",
  ]);
  expect(entries.flatMap(({ sent }) => sent ?? [])).toEqual(["go"]);
});

test("the output names the server's own version", async () => {
  expect(await versionOf(fakeCli)).toBe("0.0.0-fake");
});

test("a CLI that does not come up fails the comparison with the reason, and is not passed over", async () => {
  await expect(versionOf("/nowhere/inngest-cli")).rejects.toThrow(
    "/nowhere/inngest-cli: it ended with code 1",
  );
});
