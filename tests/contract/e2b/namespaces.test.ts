/** What a sandbox in Linux namespaces has of its own, and what of this machine it cannot reach. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { chooseContainers } from "@/lib/local/e2b/containers/choose-containers";
import { type Outlet, worldOutlet } from "@/lib/local/e2b/containers/outlet";
import { silentLog } from "@/lib/log";
import { findIsolations } from "@/tests/support/backends";
import { askPreview, PATIENT, standIn, startInBackground } from "./stand-in";

const isolations = await findIsolations();
const inNamespaces = test.runIf(isolations.includes("namespaces"));
const isolation = "namespaces";

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

inNamespaces("programs that are not our Node, and know nothing of us, each have port 3000", async () => {
  const { local, sdk } = await standIn({ isolation });
  const sandboxes = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  for (const [at, sandbox] of sandboxes.entries()) {
    await sandbox.files.write("index.html", `page ${at}`);
    const server = `require("http").createServer((_, to) => to.end(require("fs").readFileSync("index.html"))).listen(3000)`;
    await startInBackground(sandbox, `exec env -i "$(command -v node)" -e '${server}'`);
  }
  for (const [at, sandbox] of sandboxes.entries()) {
    const body = async () => (await askPreview(local, sandbox.getHost(3000))).body;
    await expect.poll(body, PATIENT).toBe(`page ${at}`);
  }
});

inNamespaces("/home/user, /tmp and / are each sandbox's own, also in a command's text", async () => {
  const { sdk } = await standIn({ isolation });
  const [one, two] = await Promise.all([Sandbox.create(sdk), Sandbox.create(sdk)]);
  await one.commands.run(
    "echo one > /home/user/a && echo tmp > /tmp/b && mkdir /data && echo data > /data/c",
  );
  expect(await one.files.read("/home/user/a")).toBe("one\n");
  expect(await one.files.read("/tmp/b")).toBe("tmp\n");
  expect(await one.files.read("/data/c")).toBe("data\n");
  await one.files.write("/data/from-outside", "written");
  expect((await one.commands.run("cat /data/from-outside")).stdout).toBe("written");
  expect((await two.commands.run("ls -A /tmp; ls /data || true")).stdout).toBe("");
});

inNamespaces("a command runs as `user` with id 1000 and the home of an E2B template", async () => {
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const { stdout } = await sandbox.commands.run("whoami; id -u; echo $HOME; pwd");
  expect(stdout).toBe("user\n1000\n/home/user\n/home/user\n");
});

inNamespaces(
  "this machine's programs are there and cannot be changed, its people's files are not",
  async () => {
    const { sdk, rootFolder } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    const write = "touch /usr/bin/rekindle-was-here";
    await expect(sandbox.commands.run(write)).rejects.toMatchObject({
      stderr: expect.stringMatching(/touch/),
    });
    expect((await sandbox.commands.run(`node --version; ls ${rootFolder} || true`)).stdout).toBe(
      `${process.version}\n`,
    );
    const { stdout } = await sandbox.commands.run(`ls -A ${homedir()} || true`);
    expect(stdout).not.toMatch(/\.ssh|\.bash_history|\.gitconfig|\.aws/);
  },
);

inNamespaces("§2.4 a resume keeps the boot id that programs see, a cold boot brings another", async () => {
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const bootId = async () => (await sandbox.commands.run("cat /proc/sys/kernel/random/boot_id")).stdout;
  const first = await bootId();
  await sandbox.pause();
  await sandbox.connect();
  expect(await bootId()).toBe(first);
  await sandbox.pause({ keepMemory: false });
  await sandbox.connect();
  expect(await bootId()).not.toBe(first);
});

inNamespaces("a service of this machine's loopback cannot be reached from inside", async () => {
  const service = createServer((_, response) => response.end("the developer's own"));
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    service.close();
  });
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const ask = `fetch("http://127.0.0.1:${portOf(service)}").then((r) => r.text()).catch((e) => e.cause.code).then(console.log)`;
  expect((await sandbox.commands.run(`node -e '${ask}'`)).stdout).toBe("ECONNREFUSED\n");
});

inNamespaces("an outside name that is not found is not found inside", async () => {
  const { sdk } = await standIn({ isolation, outlet: { ...worldOutlet, lookup: async () => undefined } });
  const sandbox = await Sandbox.create(sdk);
  const look = `require("dns").lookup("nowhere.example", (error) => console.log(error?.code))`;
  expect((await sandbox.commands.run(`node -e '${look}'`)).stdout).toBe("ENOTFOUND\n");
});

inNamespaces("any program reaches the world by name through the outlet, and a pause cuts it", async () => {
  const world = createServer((request, response) => {
    if (request.url === "/") response.end(`hello ${request.headers.host}`);
    else response.write("it goes on and on");
  });
  await new Promise<void>((resolve) => world.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    world.closeAllConnections();
    world.close();
  });
  const asked: string[] = [];
  const outlet: Outlet = {
    lookup: async () => "198.51.100.7",
    connect: (address, port) => {
      asked.push(`${address}:${port}`);
      return connect(portOf(world), "127.0.0.1");
    },
  };
  const { sdk } = await standIn({ isolation, outlet });
  const sandbox = await Sandbox.create(sdk);
  const ask = `fetch("http://api.example/").then((r) => r.text()).then(console.log)`;
  expect((await sandbox.commands.run(`node -e '${ask}'`)).stdout).toBe("hello api.example\n");
  expect(asked).toEqual(["198.51.100.7:80"]);
  const cut = new Promise((resolve) => world.once("request", ({ socket }) => socket.once("close", resolve)));
  const endless = `require("http").get("http://api.example/endless").on("error", () => undefined)`;
  await startInBackground(sandbox, `node -e '${endless}'`);
  await expect.poll(() => asked.length, PATIENT).toBe(2);
  await sandbox.pause();
  await cut;
});

test.each(["localhost", "127.0.0.1", "::1"])(
  "the outlet does not lead to this machine's own %s",
  async (name) => {
    expect(await worldOutlet.lookup(name)).toBeUndefined();
  },
);

inNamespaces("a container that cannot be made says why, and `auto` falls back to mapped ports", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-no-namespaces-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = process.env.PATH;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  // A machine without util-linux: `unshare` is not found.
  process.env.PATH = folder;
  const settings = { instanceId: "a-test-of-the-fallback", log: silentLog };
  await expect(chooseContainers("namespaces", settings, folder)).rejects.toThrow("ENOENT");
  expect((await chooseContainers("auto", settings, folder)).kind).toBe("mapped-ports");
});

inNamespaces(
  "files and commands see the same: this machine's /etc to read, nothing of it to write",
  async () => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    expect(await sandbox.files.read("/etc/passwd")).toBe(
      (await sandbox.commands.run("cat /etc/passwd")).stdout,
    );
    await expect(sandbox.files.write("/etc/rekindle-was-here", "x")).rejects.toThrow("read-only file system");
    await expect(sandbox.files.makeDir("/usr/rekindle-was-here")).rejects.toThrow("read-only file system");
    await expect(sandbox.files.write("/proc/sys/kernel/hostname", "x")).rejects.toThrow(
      "belongs to the kernel",
    );
    await expect(sandbox.files.remove("/dev")).rejects.toThrow("belongs to the kernel");
    expect((await sandbox.files.list("/", { depth: 2 })).map(({ path }) => path)).toContain("/home/user");
  },
);

inNamespaces("a sandbox has the devices that programs need and none of the hardware's", async () => {
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const { stdout } = await sandbox.commands.run(
    "ls /dev | xargs; echo x > /dev/null && head -c 4 /dev/urandom | wc -c",
  );
  expect(stdout).toBe("fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n4\n");
});
