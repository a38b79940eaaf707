import { mkdtempSync, existsSync, readFileSync, writeFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Sandbox } from "e2b";
import { systemClock } from "@/lib/clock";
import { startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";
process.on("unhandledRejection", (e) => console.log("!! UNHANDLED", e));
process.on("uncaughtException", (e) => console.log("!! UNCAUGHT", e));
const log: any = { ...silentLog, error: (f: any, m: any) => console.log("log.error", m, JSON.stringify(f)), warn: (f: any, m: any) => /isolates/.test(m) || console.log("log.warn", m, JSON.stringify(f)) };
const dir = mkdtempSync("/tmp/zz-review-");
const host = join(dir, "host"); mkdirSync(host);
const cache = join(dir, "npm-cache"); mkdirSync(cache); writeFileSync(join(cache, "precious"), "x");
const local = await startE2b({ clock: systemClock, random: systemRandom, log, rootFolder: join(dir, "e2b"), npmCacheFolder: cache, isolation: (process.env.ISO as any) ?? "namespaces" });
const sdk = { apiKey: local.apiKey, apiUrl: local.apiUrl, sandboxUrl: local.sandboxUrl };
const sh = async (s: Sandbox, c: string, o: any = {}) => { const r = await s.commands.run(c, o).catch((e: any) => e); return `${r.stdout ?? ""}${r.stderr ?? ""}${r.stdout === undefined ? String(r) : ""}`.trim(); };
const within = <T,>(ms: number, p: Promise<T>): Promise<any> => Promise.race([p.then((v) => v, (e) => `REJECTED ${e}`), new Promise((r) => setTimeout(() => r(`HANGS > ${ms} ms`), ms))]);
const tests: Record<string, () => Promise<void>> = {
  async profile() {
    writeFileSync(join(host, "bashrc"), "mine\n");
    const a = await Sandbox.create(sdk);
    await sh(a, `ln -sf ${host}/bashrc /home/user/.profile`);
    const snap = await a.createSnapshot();
    const b = await Sandbox.create(snap.snapshotId, sdk).catch(String);
    console.log("host file after create-from-snapshot:", JSON.stringify(readFileSync(join(host, "bashrc"), "utf8").slice(0, 60)));
  },
  async bootid() {
    writeFileSync(join(host, "bootfile"), "mine\n");
    const a = await Sandbox.create(sdk);
    console.log(await sh(a, `id -u; ls -la /.rekindle | head; ln -sf ${host}/bootfile /.rekindle/-proc-sys-kernel-random-boot_id; ls -l /.rekindle`));
    await a.pause({ keepMemory: false }); await a.connect().catch((e: any) => console.log(String(e)));
    console.log("host file after cold boot:", JSON.stringify(readFileSync(join(host, "bootfile"), "utf8")));
  },
  async relayroot() {
    writeFileSync(join(host, "secret"), "host secret\n");
    const a = await Sandbox.create(sdk);
    const c = `for p in /proc/[0-9]*; do if tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q relay.cjs; then [ -e $p/root${host}/secret ] && { cat $p/root${host}/secret; echo owned > $p/root${host}/secret; ls -A $p/root/root | head -3; break; }; fi; done; echo done`;
    console.log("root:", await sh(a, c, { user: "root" }));
    console.log("host file:", readFileSync(join(host, "secret"), "utf8").trim());
    writeFileSync(join(host, "secret"), "host secret\n");
    console.log("user:", await sh(a, c));
  },
  async remount() {
    const a = await Sandbox.create(sdk);
    console.log("root remount:", await sh(a, `mount -o remount,bind,rw /usr && touch -c /usr/bin && grep ' /usr ' /proc/self/mounts`, { user: "root" }));
    console.log("user remount:", await sh(a, `mount -o remount,bind,rw /usr; unshare -rm mount -o remount,bind,rw /usr`));
    for (const user of ["user", "root"]) console.log(user, await sh(a, `for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches /sys/fs/cgroup/cgroup.procs /sys/kernel/uevent_helper /sys/power/state; do (: >> $f) 2>/dev/null && echo "$f opens for writing"; done; ls /dev/pts`, { user }));
    console.log("here on the host:"); 
  },
  async cache() {
    const a = await Sandbox.create(sdk);
    await a.files.remove("/tmp");
    console.log("host npm cache after files.remove('/tmp') (cache at", cache, "):", readdirSync(cache));
  },
  async signal() {
    const { spawn } = await import("node:child_process");
    const victim = spawn("sleep", ["987654"], { stdio: "ignore" });
    victim.once("exit", (c, s) => console.log("host victim ended by", s));
    const a = await Sandbox.create(sdk);
    console.log(await sh(a, `pkill -f 'sleep 98765[4]'; echo rc $?; ps -e | wc -l`));
    await new Promise((r) => setTimeout(r, 300)); victim.kill();
  },
  async nestednet() {
    const a = await Sandbox.create(sdk);
    await a.commands.run("setsid unshare -rn env -i sh -c 'while :; do date +%s%N > /tmp/tick; sleep 0.05; done' > /dev/null 2>&1 &", { background: true, timeoutMs: 0 });
    await new Promise((r) => setTimeout(r, 800));
    const root = join(dir, "e2b/sandboxes", a.sandboxId, "tmp/tick");
    await a.pause();
    const t1 = readFileSync(root, "utf8"); await new Promise((r) => setTimeout(r, 500)); const t2 = readFileSync(root, "utf8");
    console.log("ticks while paused:", t1 !== t2);
    const pids = () => readdirSync("/proc").filter((p) => { try { return /^\d+$/.test(p) && readFileSync(`/proc/${p}/cmdline`, "utf8").includes("/tmp/tick"); } catch { return false; } });
    await a.kill(); await new Promise((r) => setTimeout(r, 500));
    console.log("alive after kill:", pids());
    await local.stop();
    const left = pids(); console.log("alive after stop:", left, "countProcesses", local.countProcesses());
    for (const p of left) process.kill(Number(p), "SIGKILL");
  },
  async dns() {
    const a = await Sandbox.create(sdk);
    await a.commands.run(`node -e 'require("http").createServer((_,t)=>t.end("hi")).listen(3000)'`, { background: true, timeoutMs: 0 });
    const get = () => fetch(`http://127.0.0.1:${local.previewPort}/`, { headers: { "e2b-sandbox-id": a.sandboxId, "e2b-sandbox-port": "3000" } }).then(async (r) => `${r.status} ${await r.text()}`);
    await new Promise((r) => setTimeout(r, 1500));
    console.log("before:", await within(5000, get()));
    console.log(await sh(a, `bash -c 'echo xx > /dev/udp/127.0.0.1/53'`));
    await new Promise((r) => setTimeout(r, 500));
    console.log("after one odd UDP packet to :53 inside:", await within(8000, get()));
    console.log("second:", await within(3000, get()));
  },
  async fifo() {
    const a = await Sandbox.create(sdk); const b = await Sandbox.create(sdk);
    await sh(a, "mkfifo /home/user/p");
    console.log("snapshot with a fifo:", await within(8000, a.createSnapshot().then(() => "ok")));
    await sh(a, "rm /home/user/p; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/tmp/s\")'");
    console.log("snapshot with a socket:", await within(8000, a.createSnapshot().then(() => "ok")));
    await sh(a, "rm -f /tmp/s; mkfifo /home/user/p");
    for (let i = 0; i < 4; i++) a.files.write("/home/user/p", "x").catch(() => {});
    await new Promise((r) => setTimeout(r, 500));
    console.log("read in ANOTHER sandbox after 4 writes to a fifo:", await within(6000, b.files.read("/etc/hosts")));
    console.log("stop:", await within(10000, local.stop().then(() => "ok")));
    rmSync; process.kill(process.pid, "SIGKILL");
  },
  async holder() {
    const a = await Sandbox.create(sdk);
    console.log(await sh(a, "echo fine; pgrep -fx 'sleep infinity' | head -3"));
    const c = `for p in /proc/[0-9]*; do [ "$(tr '\\0' ' ' < $p/cmdline 2>/dev/null)" = 'sleep infinity ' ] && [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ] && kill -9 \${p#/proc/}; done; echo killed`;
    console.log(await sh(a, c, { user: "root" }));
    await new Promise((r) => setTimeout(r, 300));
    console.log("command after the holder's end:", await sh(a, "echo hi"), "| isRunning", await a.isRunning());
    console.log("files:", await within(4000, a.files.write("/home/user/x", "1").then(() => "written")));
    console.log("pause:", await within(8000, a.pause()), "connect:", await within(8000, a.connect().then(() => "ok")), await sh(a, "echo hi"));
  },
};
try { await tests[process.argv[2] ?? ""]?.(); } catch (e) { console.log("THROWN", e); }
await within(20000, local.stop()); rmSync(dir, { recursive: true, force: true }); process.exit(0);
