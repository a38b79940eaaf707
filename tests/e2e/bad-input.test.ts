/**
 * Bad input, end to end: the shipping code, the real SDKs, real processes and a real package manager. Whatever a project
 * or a caller does wrong ends in a state with a reason that a person can read, holds no claim and no running sandbox,
 * and is over as soon as the cause is mended and somebody tries again. Projects need no network.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { openPreviewId } from "@/functions/open-preview";
import { recoverPreviewId } from "@/functions/recover-preview";
import { appId } from "@/inngest.config";
import { parseScope } from "@/lib/ids";
import type { PreviewView } from "@/lib/index";
import { localDependency, type Project, packageJson, serverSource, workingProject } from "./projects";
import {
  isOf,
  type Stage,
  sandboxStates,
  startStage,
  until,
  untilAtRest,
  untilState,
  viewerOf,
  visit,
  whoseOf,
} from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ attempts: "two" });
});
afterAll(() => stage.stop());

const open = (projectId: string) => stage.rekindle.open(viewerOf(projectId));

/** Opens it and answers how it ended, when nobody is at work on it any more. */
async function openInVain(projectId: string): Promise<PreviewView> {
  await open(projectId);
  await untilState(stage, projectId, "failed");
  return untilAtRest(stage, projectId);
}

/** A person mends the project and clicks "Try again"; answers what the preview's address then says. */
async function mendAndTryAgain(projectId: string, project: Project): Promise<string> {
  stage.projects.put(projectId, project);
  await open(projectId);
  const { url } = await untilState(stage, projectId, "running");
  return (await visit(stage, url ?? "")).body;
}

const failuresTold = (projectId: string): unknown[] =>
  stage.cloud.inngest.engine
    .history()
    .events.filter(({ name, data }) => name === "preview/failed" && isOf(projectId, data))
    .map(({ data }) => data);

const expectReadable = (view: PreviewView, code: PreviewView["reason"]["code"]) => {
  expect(view).toMatchObject({ state: "failed", action: "try-again", reason: { code } });
  expect(view.reason.title).not.toBe("");
  expect(view.reason.message).not.toBe("");
};

describe.concurrent("a project that cannot be had", () => {
  test("an unknown project costs no sandbox, and opens once it exists", async () => {
    const view = await openInVain("unknown");

    expectReadable(view, "unknown-project");
    expect(sandboxStates(stage, "unknown")).toEqual([]);
    expect(failuresTold("unknown")).toEqual([{ ...whoseOf("unknown"), reason: "unknown-project" }]);
    expect(await mendAndTryAgain("unknown", workingProject("here now"))).toContain("here now");
  });

  test("a files port that throws once is asked again, and the preview runs", async () => {
    stage.projects.put("files-once", workingProject());
    stage.projects.failCalls("files-once", 1);

    await open("files-once");

    const view = await untilState(stage, "files-once", "running");
    expect(view.cameBack?.how).toBe("rebuilt-cold");
  });

  test("a files port that always throws ends with that reason, and opens once it answers", async () => {
    stage.projects.put("files-never", workingProject());
    stage.projects.failCalls("files-never", Number.POSITIVE_INFINITY);

    const view = await openInVain("files-never");

    expectReadable(view, "files-unavailable");
    expect(sandboxStates(stage, "files-never")).toEqual([]);
    stage.projects.failCalls("files-never", 0);
    expect(await mendAndTryAgain("files-never", workingProject("back"))).toContain("back");
  });
});

describe.concurrent("a project that says nothing to start", () => {
  test.each([
    ["no-manifest", { "index.html": "<p>hello</p>" }],
    ["no-script", { "package.json": packageJson({ test: "true" }) }],
    ["unreadable-manifest", { "package.json": "{ not json" }],
  ])("%s", async (projectId, project) => {
    stage.projects.put(projectId, project);

    const view = await openInVain(projectId);

    expectReadable(view, "no-recipe");
    expect(await mendAndTryAgain(projectId, workingProject("mended"))).toContain("mended");
  });
});

describe.concurrent("an install that does not work", () => {
  const dependent = (scripts: Readonly<Record<string, string>>): Project => ({
    "package.json": packageJson({ dev: "node server.mjs", ...scripts }, localDependency.manifest),
    "server.mjs": serverSource("installed"),
    ...localDependency.files,
  });

  test("a lockfile out of step shows the package manager's own words", async () => {
    const outdatedLockfile = JSON.stringify({
      name: "project",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: { "": { name: "project", version: "1.0.0" } },
    });
    stage.projects.put("lockfile", { ...dependent({}), "package-lock.json": outdatedLockfile });

    const view = await openInVain("lockfile");

    expectReadable(view, "install-failed");
    expect(view.logTail).toContain("npm ci");
    expect(view.logTail).toContain("greeting");
    expect(await mendAndTryAgain("lockfile", dependent({}))).toContain("installed");
  });

  test("an install script that exits 7 shows its output", async () => {
    stage.projects.put("exit-7", dependent({ preinstall: "echo no compiler here; exit 7" }));

    const view = await openInVain("exit-7");

    expectReadable(view, "install-failed");
    expect(view.logTail).toContain("no compiler here");
    expect(await mendAndTryAgain("exit-7", dependent({}))).toContain("installed");
  });

  test("an install that hangs is stopped at its deadline, and nothing of it goes on", async () => {
    stage.projects.put("hangs", dependent({ preinstall: "echo waiting for godot; exec sleep 3600" }));

    const view = await openInVain("hangs");

    expectReadable(view, "install-timed-out");
    expect(sandboxStates(stage, "hangs")).toEqual(["paused"]);
    expect(await mendAndTryAgain("hangs", workingProject("without godot"))).toContain("without godot");
  });
});

describe.concurrent("a dev server that does not come up", () => {
  test("a start command that exits shows its last lines", async () => {
    stage.projects.put("exits", {
      "package.json": packageJson({ dev: "node server.mjs" }),
      "server.mjs": `throw new Error("DATABASE_URL is not set");`,
    });

    const view = await openInVain("exits");

    expectReadable(view, "server-exited");
    expect(view.logTail).toContain("DATABASE_URL is not set");
    expect(await mendAndTryAgain("exits", workingProject("set now"))).toContain("set now");
  });

  test("a port that never opens is given up, with the log", async () => {
    stage.projects.put("no-port", {
      "package.json": packageJson({ dev: "node server.mjs" }),
      "server.mjs": `console.log("thinking about it"); setInterval(() => {}, 1000);`,
    });

    const view = await openInVain("no-port");

    expectReadable(view, "port-never-opened");
    expect(view.logTail).toContain("thinking about it");
    expect(await mendAndTryAgain("no-port", workingProject("listening"))).toContain("listening");
  });

  test("a server that listens only after a while runs", async () => {
    stage.projects.put("late", {
      "package.json": packageJson({ dev: "node server.mjs" }),
      "server.mjs": `await new Promise((resolve) => setTimeout(resolve, 2500));${serverSource("at last")}`,
    });

    await open("late");

    const { url } = await untilState(stage, "late", "running");
    expect((await visit(stage, url ?? "")).body).toContain("at last");
  });

  test("a server whose every answer takes long runs", async () => {
    stage.projects.put("slow", {
      "package.json": packageJson({ dev: "node server.mjs" }),
      "server.mjs": `
        import { createServer } from "node:http";
        createServer((request, response) => setTimeout(() => response.end("slowly"), 2500)).listen(process.env.PORT);
      `,
    });

    await open("slow");

    const { url } = await untilState(stage, "slow", "running");
    expect((await visit(stage, url ?? "")).body).toBe("slowly");
  });
});

describe.concurrent("a caller that sends nonsense", () => {
  test.each([
    [{ projectId: "../etc", userId: "ada" }, "projectId"],
    [{ projectId: "a".repeat(65), userId: "ada" }, "projectId"],
    [{ projectId: "counter", userId: "" }, "userId"],
    [{ projectId: "counter", userId: "ada", viewerId: "two words" }, "viewerId"],
  ])("malformed ids are a typed error: %j", async (whose, name) => {
    await expect(stage.rekindle.open(whose)).rejects.toMatchObject({
      code: "invalid-request",
      retriable: false,
      message: expect.stringContaining(name),
    });
  });

  const malformed: [string, Readonly<Record<string, unknown>>][] = [
    ["no project", { userId: "schema-1" }],
    ["a project that is no id", { projectId: "../etc/passwd", userId: "schema-2" }],
    ["a number for a user", { projectId: "schema-3", userId: 7 }],
    ["a malformed claim", { projectId: "schema-4", userId: "ada", leaseId: "x" }],
  ];
  // Once: what is malformed stays so, and asking again would only delay the operator's view of it.
  test.each(malformed)("an event with %s fails its run at once and makes no record", async (_, data) => {
    const { engine } = stage.cloud.inngest;

    const eventId = engine.sendEvent({ name: "preview/requested", data });

    const run = await until("the run to end", async () =>
      engine
        .history()
        .runs.find(
          ({ eventId: id, functionId, endedAt }) =>
            id === eventId && functionId === `${appId}-${openPreviewId}` && endedAt !== null,
        ),
    );
    expect(run).toMatchObject({ status: "Failed", calls: 1 });
    const recovery = await until("the look at the failure to end", async () =>
      engine
        .history()
        .runs.find(
          ({ eventId: id, functionId, endedAt }) =>
            functionId === `${appId}-${recoverPreviewId}` &&
            endedAt !== null &&
            runIdOfFailure(id) === run.id,
        ),
    );
    expect(recovery).toMatchObject({ status: "Completed", output: { result: "no-preview" } });
    const { record } = await recordOf(String(data.projectId ?? "none"), String(data.userId));
    expect(record?.state ?? "absent").toBe("absent");
  });

  function runIdOfFailure(eventId: string): unknown {
    const failure = stage.cloud.inngest.engine
      .history()
      .events.find(({ internalId, id }) => [internalId, id].includes(eventId));
    return z.object({ run_id: z.string() }).safeParse(failure?.data).data?.run_id;
  }

  async function recordOf(projectId: string, userId: string) {
    if (!/^[\w-]+$/.test(projectId)) return { record: undefined };
    return (await stage.rekindle.runtime.store.read(parseScope(projectId, userId))).snapshot;
  }
});
