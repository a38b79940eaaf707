/** What a hostile review tried against sandboxes in namespaces: nothing of it reaches this machine, as `user` or `root`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Sandbox } from "e2b";
import { expect, onTestFinished, test } from "vitest";
import { namespaceContainers } from "@/lib/local/e2b/containers/namespaces";
import { killAllAtOnce } from "@/lib/local/e2b/containers/process-signals";
import { markedProcesses } from "@/lib/local/e2b/containers/process-table";
import { MARK_NAME } from "@/lib/local/e2b/machine/sandbox-environment";
import { silentLog } from "@/lib/log";
import { findIsolations } from "@/tests/support/backends";
import { livingPids, PATIENT, standIn } from "./stand-in";

const isolations = await findIsolations();
const inNamespaces = test.runIf(isolations.includes("namespaces"));
const isolation = "namespaces";
const users = ["user", "root"] as const;

/** All of it, what serves it too, as an outside hand would. */
function killFromOutside(sandboxId: string): void {
  killAllAtOnce(() => markedProcesses(`${MARK_NAME}=${sandboxId}`));
}

async function hostFile(folder: string): Promise<string> {
  const made = await mkdtemp(join(folder, ".rekindle-host-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  const file = join(made, "theirs.txt");
  await writeFile(file, "the developer's own");
  return file;
}

inNamespaces("a snapshot whose .profile is a link changes no file of this machine", async () => {
  const { sdk } = await standIn({ isolation });
  const file = await hostFile(tmpdir());
  const sandbox = await Sandbox.create(sdk);
  await sandbox.commands.run(`ln -sf ${file} /home/user/.profile; ln -sf ${file} /root/.profile || true`);
  const { snapshotId } = await sandbox.createSnapshot();
  const copy = await Sandbox.create(snapshotId, sdk);
  await copy.commands.run("true");
  expect(await readFile(file, "utf8")).toBe("the developer's own");
});

inNamespaces("a link where a cold boot writes the new boot id changes no file of this machine", async () => {
  const { sdk } = await standIn({ isolation });
  const file = await hostFile(tmpdir());
  const sandbox = await Sandbox.create(sdk);
  await sandbox.commands.run(
    `mkdir -p /.rekindle; for f in /.rekindle/* /dev/.boot_id; do ln -sf ${file} $f; done; true`,
  );
  await sandbox.pause({ keepMemory: false });
  await sandbox.connect();
  expect((await sandbox.commands.run("cat /proc/sys/kernel/random/boot_id")).stdout).toMatch(
    /^[0-9a-f-]{36}\n$/,
  );
  expect(await readFile(file, "utf8")).toBe("the developer's own");
});

inNamespaces(
  "a link where this machine's folders are to be shown refuses the container and is not followed",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "rekindle-links-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [root, theirs] = [join(folder, "root"), join(folder, "theirs")];
    await mkdir(root);
    await mkdir(theirs);
    // The cache is shown at its own path, whose first folder the sandbox has made a link.
    const npmCacheFolder = join(folder, "cache");
    await symlink(theirs, join(root, folder.split("/")[1] ?? ""));
    const settings = { instanceId: "a-test-of-links", log: silentLog, npmCacheFolder };
    const container = namespaceContainers(settings).open("linked", root);
    const program = { program: "/bin/sh", args: [], cwd: "/", user: "user", envs: {} } as const;
    await expect(container.launch(program)).rejects.toThrow(
      `a link of the sandbox is in the way of ${npmCacheFolder}`,
    );
    await container.close();
    expect(await readdir(theirs)).toEqual([]);
  },
);

inNamespaces.each(users)(
  "as %s no file of the developer's home is there, by any process's root either",
  async (user) => {
    const { sdk } = await standIn({ isolation });
    const file = await hostFile(homedir());
    const sandbox = await Sandbox.create(sdk);
    const look = `for root in "" /proc/[0-9]*/root; do cat $root${file} 2> /dev/null; done; echo looked`;
    expect((await sandbox.commands.run(look, { user })).stdout).toBe("looked\n");
  },
);

inNamespaces.each(users)("as %s what is read-only cannot be made writable", async (user) => {
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const attempt = "mount -o remount,bind,rw /usr; umount /usr; touch /usr/bin/rekindle-was-here; echo tried";
  const { stdout, stderr } = await sandbox.commands.run(attempt, { user });
  expect(stdout).toBe("tried\n");
  expect(stderr).toContain("touch:");
});

inNamespaces("a kill by name inside ends nothing of this machine", async () => {
  const { sdk } = await standIn({ isolation });
  const theirs = spawn("sleep", ["98765"], { stdio: "ignore" });
  await once(theirs, "spawn");
  onTestFinished(() => {
    theirs.kill();
  });
  const sandbox = await Sandbox.create(sdk);
  await sandbox.commands.run("pkill -f 'sleep 9876[5]'; pkill sleep; true");
  expect(livingPids()).toContain(theirs.pid);
  expect((await sandbox.commands.run("echo still here")).stdout).toBe("still here\n");
});

inNamespaces(
  "what makes further namespaces and clears its environment is paused and killed with the rest",
  async () => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    const ticking = "n=0; while :; do n=$((n+1)); echo $n > ticks; sleep 0.02; done";
    await sandbox.files.write("tick.sh", ticking);
    await sandbox.commands.run(
      "setsid unshare --user --map-root-user --net env -i PATH=$PATH sh tick.sh > /dev/null 2>&1 < /dev/null &",
    );
    const ticks = async () => Number(await sandbox.files.read("ticks").catch(() => 0));
    await expect.poll(ticks, PATIENT).toBeGreaterThan(5);
    const pid = Number((await sandbox.commands.run("pgrep -f tick.sh | head -1")).stdout);
    expect(pid).toBeGreaterThan(1);
    await sandbox.pause();
    await sandbox.connect();
    const after = await ticks();
    await expect.poll(ticks, PATIENT).toBeGreaterThan(after);
    const inside = markedProcesses(`${MARK_NAME}=${sandbox.sandboxId}`).map((row) => row.pid);
    await sandbox.kill();
    expect(livingPids().filter((living) => inside.includes(living))).toEqual([]);
  },
);

inNamespaces(
  "a sandbox whose namespaces were ended from outside works again, without its processes",
  async () => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    await sandbox.files.write("kept.txt", "kept");
    const handle = await sandbox.commands.run("sleep 1000", { background: true, timeoutMs: 0 });
    await handle.disconnect();
    killFromOutside(sandbox.sandboxId);
    await expect
      .poll(async () => (await sandbox.commands.run("cat kept.txt").catch(String)).toString(), PATIENT)
      .not.toContain("Error");
    expect(await sandbox.files.read("kept.txt")).toBe("kept");
  },
);

inNamespaces.each(["/usr", "/etc", "/dev", "/proc", "/"])(
  "%s cannot be removed or moved away",
  async (path) => {
    const { sdk } = await standIn({ isolation });
    const sandbox = await Sandbox.create(sdk);
    await expect(sandbox.files.remove(path)).rejects.toThrow(/busy|kernel/);
    await expect(sandbox.files.rename(path, "/home/user/away")).rejects.toThrow(/busy|kernel/);
    expect((await sandbox.commands.run("echo here")).stdout).toBe("here\n");
  },
);

inNamespaces("pauses of a sandbox that starts processes all the time never fail", async () => {
  const { sdk } = await standIn({ isolation });
  const sandbox = await Sandbox.create(sdk);
  const handle = await sandbox.commands.run("while :; do /bin/true; done", {
    background: true,
    timeoutMs: 0,
  });
  await handle.disconnect();
  for (let round = 0; round < 15; round += 1) {
    expect(await sandbox.pause()).toBe(true);
    await sandbox.connect();
  }
});
