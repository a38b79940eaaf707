/** A sandbox that is lent to an agent, end to end: the real SDK's own, before real processes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseScope } from "@/lib/ids";
import { packageJson } from "./projects";
import { type Stage, startStage, visit, whoseOf } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ attempts: "one" });
});
afterAll(() => stage.stop());

/** Answers what stands in a file at each visit. */
const serverSource = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
createServer((request, response) => response.end(readFileSync("page.txt"))).listen(process.env.PORT);
`;

test("an agent starts a preview by a hold, runs a command in it, and its edit is what a visitor sees", async () => {
  stage.projects.put("lent", {
    "package.json": packageJson({ dev: "node server.mjs" }),
    "server.mjs": serverSource,
    "page.txt": "as it was",
  });
  const { userId } = whoseOf("lent");
  const holds = async () =>
    (await stage.rekindle.runtime.store.read(parseScope("lent", userId))).snapshot.holds;

  const worked = await stage.rekindle.withSandbox(
    whoseOf("lent"),
    { key: "edit", maxMs: 60_000 },
    async ({ sandbox, signal, round }) => {
      const { stdout } = await sandbox.commands.run("cat app/page.txt");
      await sandbox.files.write("app/page.txt", "as the agent wrote it");
      return { stdout, round, isAborted: signal.aborted, held: await holds() };
    },
  );

  const { url } = await stage.rekindle.status(whoseOf("lent"));
  expect(worked).toEqual({ stdout: "as it was", round: 0, isAborted: false, held: 1 });
  expect((await visit(stage, url ?? "")).body).toBe("as the agent wrote it");
  expect(await holds()).toBe(0);
});
