/** Many sandboxes that want the same port on one machine, in each way in which this machine can keep them apart. */
import { Sandbox } from "e2b";
import { describe, expect, test } from "vitest";
import { silentLog } from "@/lib/log";
import { findIsolations } from "@/tests/support/backends";
import { askPreview, PATIENT, standIn, startInBackground } from "./stand-in";

const serverSaying = (text: string) =>
  `const server = require("node:http").createServer((request, response) => response.end(${JSON.stringify(text)}));
   server.listen(process.env.PORT || 3000, () => console.log(JSON.stringify(server.address())));`;

describe.each(await findIsolations())("with %s", (isolation) => {
  test("two sandboxes on port 3000 at once answer each for itself, and believe to have that port", async () => {
    const { local, sdk } = await standIn({ isolation });
    const sandboxes = await Promise.all(["one", "two"].map(() => Sandbox.create(sdk)));
    for (const [at, sandbox] of sandboxes.entries()) {
      await sandbox.files.write("server.cjs", serverSaying(`sandbox ${at}`));
      await startInBackground(sandbox, "node server.cjs > log 2>&1");
    }
    for (const [at, sandbox] of sandboxes.entries()) {
      const body = async () => (await askPreview(local, sandbox.getHost(3000))).body;
      await expect.poll(body, PATIENT).toBe(`sandbox ${at}`);
      expect(JSON.parse(await sandbox.files.read("log"))).toMatchObject({ address: "::", port: 3000 });
    }
  });

  test("a second server on the same port of a sandbox gets EADDRINUSE, and the port is free after a kill", async () => {
    const { local, sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    await sandbox.files.write("server.cjs", serverSaying("it is up"));
    const pid = await startInBackground(sandbox, "exec node server.cjs");
    const status = async () => (await askPreview(local, sandbox.getHost(3000))).status;
    await expect.poll(status, PATIENT).toBe(200);
    await expect(sandbox.commands.run("node server.cjs")).rejects.toMatchObject({
      stderr: expect.stringContaining("listen EADDRINUSE: address already in use :::3000"),
    });
    await sandbox.commands.kill(pid);
    await expect.poll(status, PATIENT).toBe(502);
    await startInBackground(sandbox, "exec node server.cjs");
    await expect.poll(status, PATIENT).toBe(200);
  });

  test("Node in a sandbox reaches the sandbox's own port, from any child and whatever form of listen", async () => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    await sandbox.files.write("server.cjs", serverSaying("from inside"));
    await sandbox.files.write(
      "client.mjs",
      `console.log(await (await fetch("http://localhost:4123/")).text());`,
    );
    await startInBackground(sandbox, "PORT=4123 npm exec -c 'node server.cjs'");
    const ask = async () => (await sandbox.commands.run("node client.mjs").catch(String)).toString();
    await expect.poll(ask, PATIENT).not.toContain("Error");
    expect((await sandbox.commands.run("node client.mjs")).stdout).toBe("from inside\n");
  });

  test("workers of a cluster share the port that their primary was given", async () => {
    const { local, sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    await sandbox.files.write(
      "server.cjs",
      `const cluster = require("node:cluster");
       if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
       else require("node:http").createServer((request, response) => response.end("worker " + cluster.worker.id)).listen(3000);`,
    );
    await startInBackground(sandbox, "node server.cjs");
    const seen = new Set<string>();
    const bothAnswer = async () => seen.add((await askPreview(local, sandbox.getHost(3000))).body);
    await expect
      .poll(async () => [...(await bothAnswer())].sort(), PATIENT)
      .toEqual(expect.arrayContaining(["worker 1", "worker 2"]));
  });

  test.each(["127.0.0.1", "::1", "localhost"])(
    "a server that listens on %s alone is reached",
    async (host) => {
      const { local, sdk } = await standIn({ isolation });
      const sandbox = await Sandbox.create(sdk);
      await startInBackground(
        sandbox,
        `node -e 'require("node:http").createServer((_, to) => to.end("here")).listen(5173, "${host}")'`,
      );
      const body = async () => (await askPreview(local, sandbox.getHost(5173))).body;
      await expect.poll(body, PATIENT).toBe("here");
    },
  );
});

test("with mapped-ports a sandbox's own NODE_OPTIONS are kept beside the preload", async () => {
  const { sdk } = await standIn({ isolation: "mapped-ports" });
  const sandbox = await Sandbox.create({ ...sdk, envs: { NODE_OPTIONS: "--max-old-space-size=123" } });
  const { stdout } = await sandbox.commands.run(
    `node -p '[v8.getHeapStatistics().heap_size_limit < 4e8, net.Server.prototype.listen.name].join()'`,
  );
  expect(stdout).toBe("true,mappedListen\n");
});

test("with mapped-ports a server that is not Node is not reached, and the log says why", async () => {
  const warned: unknown[] = [];
  const log = {
    ...silentLog,
    warn: (fields: object, message: string) => warned.push({ ...fields, message }),
  };
  const { local, sdk } = await standIn({ isolation: "mapped-ports", log });
  const sandbox = await Sandbox.create(sdk);
  // Node without the preload stands for any other program.
  const server = `const s = require("http").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))`;
  const handle = await sandbox.commands.run(`exec env -i "$(command -v node)" -e '${server}'`, {
    background: true,
    timeoutMs: 0,
  });
  await expect.poll(() => handle.stdout, PATIENT).toMatch(/\d+\n/);
  await handle.disconnect();
  const port = Number(handle.stdout);
  expect((await askPreview(local, sandbox.getHost(port))).status).toBe(502);
  expect(warned).toContainEqual(
    expect.objectContaining({ port, message: expect.stringContaining("Only Node's servers get their port") }),
  );
});

test("fifty sandboxes with a server each run at once, and nothing is left of them", {
  timeout: 240_000,
}, async () => {
  const { local, sdk } = await standIn({ plan: { maxConcurrent: 50 } });
  const sandboxes = await Promise.all(Array.from({ length: 50 }, () => Sandbox.create(sdk)));
  for (const [at, sandbox] of sandboxes.entries()) {
    await startInBackground(
      sandbox,
      `node -e 'require("node:http").createServer((_, to) => to.end("${at}")).listen(3000)'`,
    );
  }
  for (const [at, sandbox] of sandboxes.entries()) {
    const body = async () => (await askPreview(local, sandbox.getHost(3000))).body;
    await expect.poll(body, PATIENT).toBe(String(at));
  }
  await local.stop();
  expect(local.countProcesses()).toBe(0);
});
