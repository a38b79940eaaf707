/** Owns a real Redis until it is killed; a program of its own for the test that kills it. */
import { systemClock } from "@/lib/clock";
import { startUpstash } from "@/lib/local/upstash/start-upstash";
import { jsonLog } from "@/lib/log";
import { systemRandom } from "@/lib/random";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: own-a-redis <folder>");
await startUpstash({
  clock: systemClock,
  random: systemRandom,
  log: jsonLog,
  folder,
  engine: "redis-server",
});
process.stdout.write("ready\n");
