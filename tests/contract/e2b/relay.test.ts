/** The relay of a sandbox in Linux namespaces: what a sandbox sends does not end it, and its end is noticed. */
import { readFileSync } from "node:fs";
import { Sandbox } from "e2b";
import { expect, test } from "vitest";
import { markedProcesses } from "@/lib/local/e2b/containers/process-table";
import { MARK_NAME } from "@/lib/local/e2b/machine/sandbox-environment";
import { findIsolations } from "@/tests/support/backends";
import { askPreview, PATIENT, standIn, startInBackground } from "./stand-in";

const isolations = await findIsolations();
const inNamespaces = test.runIf(isolations.includes("namespaces"));
const isolation = "namespaces";

const SERVER = `require("http").createServer((_, to) => to.end("served")).listen(3000)`;

async function serving() {
  const { local, sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  await startInBackground(sandbox, `node -e '${SERVER}'`);
  const ask = () => askPreview(local, sandbox.getHost(3000));
  await expect.poll(async () => (await ask()).body, PATIENT).toBe("served");
  return { sandbox, ask };
}

function relaysOf(sandboxId: string): number[] {
  return markedProcesses(`${MARK_NAME}=${sandboxId}`)
    .map(({ pid }) => pid)
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("relay.cjs"));
}

inNamespaces(
  "what is no question to the name server ends nothing, and a question is answered after it",
  async () => {
    const { sandbox, ask } = await serving();
    const relays = relaysOf(sandbox.sandboxId);
    expect(relays).toHaveLength(1);
    await sandbox.commands.run(
      "for sent in xx '' long-enough-for-a-header-but-nothing-of-that-kind; do echo $sent > /dev/udp/127.0.0.1/53; done",
    );
    const look = `require("dns").lookup("nowhere.invalid", (error) => console.log(error?.code))`;
    expect((await sandbox.commands.run(`node -e '${look}'`)).stdout).toBe("ENOTFOUND\n");
    expect((await ask()).body).toBe("served");
    expect(relaysOf(sandbox.sandboxId)).toEqual(relays);
  },
);

inNamespaces("§3.6 a preview whose relay has ended is E2B's 502 at once, and does not hang", async () => {
  const { sandbox, ask } = await serving();
  for (const pid of relaysOf(sandbox.sandboxId)) process.kill(pid, "SIGKILL");
  await expect.poll(() => relaysOf(sandbox.sandboxId), PATIENT).toEqual([]);
  expect((await ask()).status).toBe(502);
  expect((await ask()).status).toBe(502);
});
