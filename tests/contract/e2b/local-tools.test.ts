/** The buttons under a local preview, at the real stand-in: what they do to a sandbox, and what they say when they cannot. */
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import type { LocalToolName } from "@/app/local-tool-names";
import { localTools } from "@/app/local-tools";
import type { PreviewView } from "@/lib";
import { InvalidRequestError, ProviderUnreachableError, SandboxGoneError } from "@/lib/errors";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { PATIENT, processesIn, type StandIn, standIn, startInBackground } from "./stand-in";

const whose = { projectId: "counter", userId: "local" };

/** Over a preview that has this sandbox; what Rekindle is asked for is written down. */
function tools({ local }: StandIn, sandboxId: string | undefined, controlUrl = local.apiUrl) {
  const asked: unknown[] = [];
  const view: PreviewView = {
    ...whose,
    state: "running",
    reason: { code: "requested", title: "t", message: "m" },
    action: "none",
    viewers: 1,
    holds: 0,
    serverNow: 1,
    beatEveryMs: 1,
    ...(sandboxId ? { sandboxId } : {}),
  };
  const made = localTools({
    controlUrl,
    apiKey: local.apiKey,
    rekindle: {
      status: async () => view,
      async withSandbox(_whose, { key, maxMs }) {
        asked.push(["withSandbox", key.replace(/-[0-9a-f]+$/, ""), maxMs]);
        throw new Error("no sandbox is lent here");
      },
    },
    lookAgain: async (of) => asked.push(["lookAgain", of]),
    log: silentLog,
    random: systemRandom,
  });
  return { asked, use: (tool: LocalToolName, of = whose) => made.use(tool, of) };
}

test("“kill” kills the preview's sandbox, and has Rekindle look", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { asked, use } = tools(stand, sandbox.sandboxId);
  await use("kill");
  expect(await sandbox.isRunning()).toBe(false);
  expect(asked).toEqual([["lookAgain", whose]]);
  await expect(use("kill")).rejects.toBeInstanceOf(SandboxGoneError);
});

test("“lose its memory” ends its processes and keeps its files", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  await sandbox.files.write("kept", "1");
  await startInBackground(sandbox, "sleep 1000");
  await tools(stand, sandbox.sandboxId).use("lose-memory");
  await expect.poll(() => processesIn(sandbox.sandboxId), PATIENT).toEqual([]);
  expect([await sandbox.isRunning(), await sandbox.files.read("kept")]).toEqual([true, "1"]);
});

test("“jump 55 minutes” makes its run so much older, and says when there is none", async () => {
  const stand = await standIn();
  const sandbox = await Sandbox.create(stand.sdk);
  const { startedAt } = await sandbox.getInfo();
  const { use } = tools(stand, sandbox.sandboxId);
  await use("age-run");
  expect(startedAt.getTime() - (await sandbox.getInfo()).startedAt.getTime()).toBe(55 * 60_000);
  await sandbox.pause();
  await expect(use("age-run")).rejects.toThrow("does not run right now");
});

test("a preview without a sandbox, and a stand-in that does not answer, are told in words", async () => {
  const stand = await standIn();
  await expect(tools(stand, undefined).use("kill")).rejects.toThrow("Open it first");
  const nowhere = tools(stand, "iabc", "http://127.0.0.1:1");
  await expect(nowhere.use("kill")).rejects.toBeInstanceOf(ProviderUnreachableError);
  expect(nowhere.asked).toEqual([]);
});

test("the agent is begun under a hold of five minutes and nobody waits for it; other pages it does not know", async () => {
  const stand = await standIn();
  const { asked, use } = tools(stand, "iabc");
  await use("agent");
  expect(asked).toEqual([["withSandbox", "sample-agent", 300_000]]);
  await expect(use("agent", { ...whose, projectId: "next-app" })).rejects.toBeInstanceOf(InvalidRequestError);
});
