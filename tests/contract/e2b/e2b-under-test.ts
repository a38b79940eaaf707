/**
 * Owns which E2B the shared rows are shown on: a stand-in of the test's own, or E2B itself when `npm run test:live`
 * says so. Live, it must never touch a sandbox that it did not create, never run longer or more often than the budget
 * allows, and never leave one behind: each is killed at the end of its test, and all that carry this run's label at
 * the end of the file. Fails closed: without a key, or with the budget spent, nothing is created.
 */
import { randomBytes } from "node:crypto";
import { Sandbox, type SandboxOpts } from "e2b";
import { afterAll, onTestFinished } from "vitest";
import { standIn } from "./stand-in";

export interface E2bUnderTest {
  /** For every call of the SDK's statics. */
  readonly sdk: { readonly apiKey: string; readonly apiUrl?: string; readonly sandboxUrl?: string };
  /** A sandbox that ends with the test. */
  create(options?: SandboxOpts & { readonly template?: string }): Promise<Sandbox>;
}

/** A file's. 2 vCPU and 512 MiB cost $0.109 an hour (e2b.md §2.7): all of it at its longest is about $0.22. */
const BUDGET = { mostSandboxes: 60, longestRunMs: 120_000 };
const LABEL = "rekindleContractRun";

const isLive = process.env.E2B_LIVE === "1";
const runId = randomBytes(8).toString("hex");
let created = 0;

export async function e2bUnderTest(): Promise<E2bUnderTest> {
  const { sdk } = isLive ? { sdk: { apiKey: keyOfTheAccount() } } : await standIn();
  return {
    sdk,
    async create({ template = "base", ...options } = {}) {
      spendOne();
      const sandbox = await Sandbox.create(template, {
        ...sdk,
        ...options,
        timeoutMs: Math.min(options.timeoutMs ?? BUDGET.longestRunMs, BUDGET.longestRunMs),
        metadata: { ...options.metadata, [LABEL]: runId },
      });
      onTestFinished(async () => {
        await Sandbox.kill(sandbox.sandboxId, sdk);
      });
      return sandbox;
    },
  };
}

function keyOfTheAccount(): string {
  const key = process.env.E2B_API_KEY;
  if (!key) throw new Error("npm run test:live needs E2B_API_KEY, of an account that may be charged for it");
  return key;
}

function spendOne(): void {
  created += 1;
  if (isLive && created > BUDGET.mostSandboxes) {
    throw new Error(`The budget of ${BUDGET.mostSandboxes} live sandboxes a file is spent`);
  }
}

/** Also what a test lost: a create whose answer never came, a sandbox woken under another id. */
async function killAllOfThisRun(): Promise<void> {
  const apiKey = keyOfTheAccount();
  const paginator = Sandbox.list({ apiKey, query: { metadata: { [LABEL]: runId } } });
  while (paginator.hasNext) {
    for (const { sandboxId } of await paginator.nextItems()) await Sandbox.kill(sandboxId, { apiKey });
  }
}

if (isLive) afterAll(killAllOfThisRun);
