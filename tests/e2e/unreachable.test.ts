/**
 * A service that cannot be reached, end to end: each in turn is cut off at its port and brought back. What a person or a
 * caller is told is true meanwhile, nobody holds the preview for long, and it works as soon as the service is back.
 */
import { describe, type TestContext, test } from "vitest";
import { z } from "zod";
import { openPreviewId } from "@/functions/open-preview";
import { appId } from "@/inngest.config";
import { parseScope } from "@/lib/ids";
import { workingProject } from "./projects";
import {
  leaveUntilPaused,
  type StageOptions,
  sandboxStates,
  startStage,
  until,
  untilAtRest,
  untilState,
  viewerOf,
  visit,
  whoseOf,
} from "./stage";

/** A stage of its own, since a service is cut off for everybody on it. */
async function stageOf({ onTestFinished }: TestContext, attempts: StageOptions["attempts"] = "one") {
  const stage = await startStage({ attempts });
  onTestFinished(() => stage.stop());
  stage.projects.put("site", workingProject("hello"));
  return { ...stage, open: () => stage.rekindle.open(viewerOf("site")) };
}

type TestStage = Awaited<ReturnType<typeof stageOf>>;

const answerSchema = z.object({ pid: z.number(), says: z.string() });

async function untilAnswering(stage: TestStage) {
  const { url, cameBack } = await untilState(stage, "site", "running");
  const answer = answerSchema.parse(JSON.parse((await visit(stage, url ?? "")).body));
  return { ...answer, how: cameBack?.how };
}

const opening = ({ cloud }: TestStage) =>
  cloud.inngest.engine.history().runs.find(({ functionId }) => functionId === `${appId}-${openPreviewId}`);

const claimOf = async (stage: TestStage) =>
  (await stage.rekindle.runtime.store.read(parseScope("site", whoseOf("site").userId))).snapshot.record
    .leaseId;

describe.concurrent("Redis that cannot be reached", () => {
  test("refuses an open with a typed error, and the next one works when it is back", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context);
    stage.gates.redis.shut();

    const unreachable = { code: "store-unreachable", retriable: true };
    await expect(stage.open()).rejects.toMatchObject(unreachable);
    await expect(stage.rekindle.status(whoseOf("site"))).rejects.toMatchObject(unreachable);

    stage.gates.redis.open();
    expect(await stage.rekindle.status(whoseOf("site"))).toMatchObject({ state: "absent", action: "open" });
    expect(stage.cloud.e2b.cloud.list()).toEqual([]);
    await stage.open();
    expect(await untilAnswering(stage)).toMatchObject({ says: "hello" });
  });

  test("for a moment of a boot makes it take longer, with one sandbox", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context, "two");

    await stage.open();
    stage.gates.redis.shut();
    await until("a step to miss Redis", async () =>
      opening(stage)?.steps.find(({ attempts, status }) => attempts === 1 && status !== "Completed"),
    );
    stage.gates.redis.open();

    expect(await untilAnswering(stage)).toMatchObject({ says: "hello", how: "rebuilt-cold" });
    expect(sandboxStates(stage, "site")).toEqual(["running"]);
  });

  test("until a run has given up is told as soon as it is back, and trying again works", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context, "two");

    await stage.open();
    stage.gates.redis.shut();
    await until("the run to give up", async () => opening(stage)?.status === "Failed" || undefined);
    stage.gates.redis.open();

    await untilState(stage, "site", "failed");
    expect(await untilAtRest(stage, "site")).toMatchObject({
      action: "try-again",
      reason: { code: "run-failed" },
    });
    await stage.open();
    expect(await untilAnswering(stage)).toMatchObject({ says: "hello" });
  });
});

describe.concurrent("E2B that cannot be reached", () => {
  test("ends a boot with that reason and without a claim, and trying again works when it is back", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context, "two");
    stage.gates.e2b.shut();

    await stage.open();

    await untilState(stage, "site", "failed");
    expect(await untilAtRest(stage, "site")).toMatchObject({
      action: "try-again",
      reason: { code: "provider-unreachable" },
    });
    expect(stage.cloud.e2b.cloud.list()).toEqual([]);
    stage.gates.e2b.open();
    await stage.open();
    expect(await untilAnswering(stage)).toMatchObject({ says: "hello" });
  });

  test("leaves what rests resting, without a claim, and the same process goes on when it is back", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context);
    await stage.open();
    const before = await untilAnswering(stage);
    await leaveUntilPaused(stage, "site");
    stage.gates.e2b.shut();

    await stage.open();

    await until("that reason", async () => {
      const { state, reason } = await stage.rekindle.status(whoseOf("site"));
      return (state === "paused" && reason.code === "provider-unreachable") || undefined;
    });
    await until("the claim to be given up", async () => (await claimOf(stage)) === undefined || undefined);
    expect(await stage.rekindle.status(whoseOf("site"))).toMatchObject({
      state: "paused",
      action: "try-again",
    });
    stage.gates.e2b.open();
    await stage.open();
    expect(await untilAnswering(stage)).toEqual({ ...before, how: "resumed" });
  });
});

describe.concurrent("Inngest that cannot be reached", () => {
  test("refuses a start with a typed error and a reason, and trying again works when it is back", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context);
    stage.gates.inngest.shut();

    await expect(stage.open()).rejects.toMatchObject({ code: "events-unreachable", retriable: true });

    expect(await untilAtRest(stage, "site")).toMatchObject({
      state: "failed",
      action: "try-again",
      reason: { code: "events-unreachable" },
    });
    expect(stage.cloud.e2b.cloud.list()).toEqual([]);
    stage.gates.inngest.open();
    await stage.open();
    expect(await untilAnswering(stage)).toMatchObject({ says: "hello" });
  });

  test("does not keep anybody from what rests", async (context) => {
    const { expect } = context;
    const stage = await stageOf(context);
    await stage.open();
    const before = await untilAnswering(stage);
    await leaveUntilPaused(stage, "site");
    stage.gates.inngest.shut();

    expect(await stage.open()).toMatchObject({ state: "running", cameBack: { how: "resumed" } });

    expect(await untilAnswering(stage)).toEqual({ ...before, how: "resumed" });
  });
});
