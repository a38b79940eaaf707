/** A stand-in in a process of its own, for tests of its end: `<rootFolder> exit|wait`. Prints two sandbox ids. */
import { Sandbox } from "e2b";
import { systemClock } from "@/lib/clock";
import { startE2b } from "@/lib/local/e2b/start-e2b";
import { silentLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";

const [rootFolder = "", end] = process.argv.slice(2);
const local = await startE2b({ clock: systemClock, random: systemRandom, log: silentLog, rootFolder });
const { apiKey, apiUrl, sandboxUrl } = local;
const sandboxes = await Promise.all([1, 2].map(() => Sandbox.create({ apiKey, apiUrl, sandboxUrl })));
for (const sandbox of sandboxes) {
  const handle = await sandbox.commands.run("sleep 1000 & sleep 1000", { background: true, timeoutMs: 0 });
  await handle.disconnect();
}
await sandboxes[0]?.pause();
process.stdout.write(`${sandboxes.map(({ sandboxId }) => sandboxId).join(" ")}\n`, () => {
  if (end === "exit") process.exit(0);
});
