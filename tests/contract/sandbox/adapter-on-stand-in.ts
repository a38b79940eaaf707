/** Owns the E2B adapter through the real SDK, before a stand-in with real processes that ends with its test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "@/lib/clock";
import { startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
import { e2bSandboxes } from "@/lib/sandbox/e2b";

export const labels = {
  app: "rekindle",
  env: "test",
  previewId: "0123456789abcdef01234567",
  projectId: "p-1",
  userId: "u_1",
  epoch: "3",
  revision: "r 1+2&x=y",
  v: "1",
};
export const still = { variables: {}, deadlineMs: 10_000 };

export async function standIn(plan: { maxRunMs?: number; maxConcurrent?: number } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-adapter-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const local = await startE2b({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    rootFolder: folder,
    plan,
  });
  onTestFinished(() => local.stop());
  const { apiKey, apiUrl, sandboxUrl, domain } = local;
  const adapter = () =>
    e2bSandboxes({
      apiKey,
      apiUrl,
      sandboxUrl,
      domain,
      template: "base",
      keepAliveMs: 60_000,
      planConcurrency: plan.maxConcurrent ?? 20,
      requestDeadlineMs: 20_000,
    });
  return { local, sandboxes: adapter(), adapter };
}
