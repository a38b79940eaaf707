/**
 * Parity of the embedded engine with the real server (issue 4): each behaviour that the project relies on, as the order of
 * calls and outcomes. Always against what was recorded in reference/inngest.md; when `INNGEST_CLI` names Inngest's own
 * program, the same scenarios run on it too, in real time, and both have to agree.
 */
import { describe, expect, test } from "vitest";
import { findInngestCli } from "@/lib/local/launcher/inngest-cli";
import { devServerTarget, versionOf } from "./dev-server-target";
import { embeddedTarget } from "./embedded-target";
import { scenarios } from "./scenarios";

/** Only what was asked for: a CLI that happens to be on PATH must not make this slow. */
const cli = process.env.INNGEST_CLI
  ? await findInngestCli(process.env.INNGEST_CLI)
  : { kind: "none" as const };
if (cli.kind === "broken")
  throw new Error(`INNGEST_CLI names ${cli.named}, which is no program that can be run`);
const executable = cli.kind === "found" ? cli.executable : undefined;
const source = executable === undefined ? "recorded" : await versionOf(executable);
process.stdout.write(`inngest: ${source}\n`);

describe(`inngest: ${source}`, () => {
  for (const scenario of scenarios) {
    describe(`${scenario.evidence.section} ${scenario.guarantee}`, () => {
      test("the embedded engine does as was recorded", async () => {
        expect(await embeddedTarget(scenario)).toEqual(scenario.expected);
      });

      if (executable !== undefined) {
        test(`Dev Server ${source} does as the embedded engine`, { timeout: 180_000 }, async () => {
          expect(await devServerTarget(executable)(scenario)).toEqual(await embeddedTarget(scenario));
        });
      }
    });
  }
});

describe("the scenarios", () => {
  test("have ids of their own, a place in inngest.md, and somebody who relies on them", () => {
    expect(new Set(scenarios.map(({ id }) => id)).size).toBe(scenarios.length);
    for (const { evidence } of scenarios) {
      expect(evidence.section).toMatch(/^§\d(\.\d+)?$/);
      expect(evidence.line).toBeGreaterThan(0);
      expect(evidence.reliedOnBy).not.toBe("");
    }
  });

  test("each expects something to happen, so that an engine which does nothing fails all of them", () => {
    for (const { expected } of scenarios)
      expect(expected.calls.length + expected.outcomes.length).toBeGreaterThan(0);
  });
});
