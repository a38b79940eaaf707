/**
 * Owns the command `npm run demo`: sets the stage, plays the story, prints the verdict, and leaves nothing behind. With
 * `--json` it prints one object a line; the last has `ok`. Fails closed: any step that did not happen, and any check
 * that does not hold, is a non-zero exit.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "@/lib/clock";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { folderProjects } from "@/lib/workspace/folder-projects";
import { hostRekindle } from "../hosted-rekindle";
import { startLocalCloud } from "../local-cloud";
import { demoPolicy } from "./demo-policy";
import { judge } from "./evidence";
import { humanNarrator, jsonNarrator } from "./narrator";
import type { Stage } from "./stage";
import { play } from "./story";

const samplesFolder = fileURLToPath(new URL("../samples/projects", import.meta.url));

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const startedAt = systemClock.now();
  const narrator = (values.json ? jsonNarrator : humanNarrator)(startedAt, systemClock.now);
  const folder = await mkdtemp(join(tmpdir(), "rekindle-demo-"));
  const projectsFolder = join(folder, "projects");
  const evidence: Stage["evidence"] = {};
  const cloud = await startLocalCloud({ ...parts, folder, redisEngine: "auto", appUrls: [] });
  const stop = async () => {
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  };
  process.once("SIGINT", () => void stop().finally(() => process.exit(130)));
  process.once("SIGTERM", () => void stop().finally(() => process.exit(143)));
  try {
    narrator.tell(
      "stage",
      `real SDKs against the local cloud: E2B with real processes, Redis (${cloud.upstash.engine}), Inngest embedded; times are scaled by configuration`,
      { redis: cloud.upstash.engine },
    );
    await cp(samplesFolder, projectsFolder, { recursive: true });
    const rekindle = await hostRekindle(cloud, {
      ...parts,
      environment: `demo-${systemRandom.hex(4)}`,
      policy: demoPolicy,
      files: folderProjects(projectsFolder),
    });
    await play({ cloud, rekindle, clock: systemClock, narrator, evidence, projectsFolder });
  } catch (error) {
    narrator.tell("stopped", error instanceof Error ? error.message : String(error));
  } finally {
    await stop();
  }
  evidence.processesLeft = cloud.e2b.countProcesses();
  const checks = judge(evidence);
  const ok = checks.every(({ holds }) => holds);
  narrator.conclude(evidence, checks, ok);
  return ok;
}

process.exitCode = (await main()) ? 0 : 1;
