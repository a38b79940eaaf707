/**
 * What a resume finds when the dev server is not as it was left, end to end: gone, slow, or unable to start again. The
 * sandbox is the same one, and nothing is installed again unless the project has to be built anew.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { localDependency, type Project, packageJson } from "./projects";
import {
  leaveUntilPaused,
  type Stage,
  startStage,
  testPolicy,
  untilAtRest,
  untilState,
  viewerOf,
  visit,
} from "./stage";

let stage: Stage;
beforeAll(async () => {
  // What takes longer than this is no longer waited for by the person's own request.
  stage = await startStage({ policy: { ...testPolicy, resumeInlineMs: 1_000 }, attempts: "one" });
});
afterAll(() => stage.stop());

const answerSchema = z.object({ pid: z.number(), installs: z.string(), notes: z.string() });

/** Its own files tell how often it was installed and what was noted; its paths make it misbehave. */
const moodyProject = (beforeListening = ""): Project => ({
  "package.json": packageJson(
    { preinstall: "echo installed >> installs.txt", dev: "node server.mjs" },
    localDependency.manifest,
  ),
  ...localDependency.files,
  "server.mjs": `
    import { appendFileSync, existsSync, readFileSync } from "node:fs";
    import { createServer } from "node:http";
    const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
    ${beforeListening}
    let delayMs = 0;
    createServer((request, response) => {
      if (request.url === "/note") appendFileSync("notes.txt", "kept");
      if (request.url === "/exit") return response.end("bye", () => process.exit(1));
      const answer = JSON.stringify({ pid: process.pid, installs: read("installs.txt"), notes: read("notes.txt") });
      setTimeout(() => response.end(answer), delayMs);
      if (request.url === "/slow") delayMs = 2500;
    }).listen(process.env.PORT);
  `,
});

const look = async (url: string | undefined, path: string) =>
  answerSchema.parse(JSON.parse((await visit(stage, new URL(path, url).href)).body));

async function openFirst(projectId: string, project: Project) {
  stage.projects.put(projectId, project);
  await stage.rekindle.open(viewerOf(projectId));
  return untilState(stage, projectId, "running");
}

async function leaveAndReturn(projectId: string) {
  await leaveUntilPaused(stage, projectId);
  await stage.rekindle.open(viewerOf(projectId));
}

describe.concurrent("a resume", () => {
  test("that finds no server starts it again in the same sandbox, with its files and without an install", async () => {
    const first = await openFirst("gone", moodyProject());
    const before = await look(first.url, "/note");
    await visit(stage, new URL("/exit", first.url).href);

    await leaveAndReturn("gone");

    const again = await untilState(stage, "gone", "running");
    expect(again).toMatchObject({ sandboxId: first.sandboxId, cameBack: { how: "restarted" } });
    const after = await look(again.url, "/");
    expect(after).toEqual({ pid: expect.any(Number), installs: "installed\n", notes: "kept" });
    expect(after.pid).not.toBe(before.pid);
  });

  test("that finds a server slow to answer waits for it, and starts no second one", async () => {
    const first = await openFirst("slow", moodyProject());
    const before = await look(first.url, "/slow");

    await leaveAndReturn("slow");

    const again = await untilState(stage, "slow", "running");
    expect(again).toMatchObject({ sandboxId: first.sandboxId, cameBack: { how: "resumed" } });
    expect(await look(again.url, "/")).toEqual(before);
  });

  test("whose server cannot start again says why, and a mended project is built anew when tried again", async () => {
    const breaksOnSecondStart = moodyProject(`
      if (existsSync("started.txt")) throw new Error("the lock of the first start is still here");
      appendFileSync("started.txt", "yes");
    `);
    const first = await openFirst("broken", breaksOnSecondStart);
    await visit(stage, new URL("/exit", first.url).href);

    await leaveAndReturn("broken");

    await untilState(stage, "broken", "failed");
    const failed = await untilAtRest(stage, "broken");
    expect(failed).toMatchObject({ action: "try-again", reason: { code: "server-exited" } });
    expect(failed.logTail).toContain("the lock of the first start is still here");
    stage.projects.put("broken", moodyProject());
    await stage.rekindle.open(viewerOf("broken"));
    const again = await untilState(stage, "broken", "running");
    expect(again.cameBack?.how).toBe("rebuilt-cold");
    expect((await look(again.url, "/")).installs).toBe("installed\ninstalled\n");
  });
});
