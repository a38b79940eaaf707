/** How a job's standing is read, by the shipping script in a real shell. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { type JobStatus, pollJob } from "@/lib/boot/jobs";
import { sandboxIdSchema } from "@/lib/ids";

test.each<[string, Record<string, string>, JobStatus["kind"]]>([
  ["no folder", {}, "not-started"],
  ["no process number yet", { log: "" }, "running"],
  ["a process that lives", { pid: String(process.pid), log: "working\n" }, "running"],
  ["a status", { pid: "1", status: "7\n", log: "" }, "exited"],
  ["a process that vanished without a status", { pid: String(goneProcess()), log: "" }, "lost"],
])("with %s the job reads as it stands", async (_case, files, kind) => {
  expect(await standing(files)).toMatchObject({ kind });
});

test("a job that ends between the look for its status and the look for its process has exited, and is not lost", async () => {
  // Reproduces an install that had succeeded and was shown as failed: its last file appeared between two lines.
  const endsNow = 'kill() { echo 0 > "$HOME/.rekindle/jobs/install-b1/status"; return 1; }\n';

  const seen = await standing({ pid: "1", log: "up to date\n" }, endsNow);

  expect(seen).toEqual({ kind: "exited", exitCode: 0, logTail: "up to date\n" });
});

/** Above the highest number that Linux gives. */
function goneProcess(): number {
  return 4_194_304 + 1;
}

/** Runs the polling script over a job with these files; `before` is read by the shell first. */
async function standing(files: Record<string, string>, before = ""): Promise<JobStatus> {
  const home = await mkdtemp(join(tmpdir(), "rekindle-jobs-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  if (Object.keys(files).length > 0) {
    const folder = join(home, ".rekindle/jobs/install-b1");
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  }
  const run = async (
    _id: string,
    script: string,
    { variables }: { variables: Readonly<Record<string, string>> },
  ) => {
    const { stdout } = await promisify(execFile)("bash", ["-c", before + script], {
      env: { ...process.env, HOME: home, ...variables },
    });
    return { exitCode: 0, stdout };
  };
  const job = {
    sandboxId: sandboxIdSchema.parse("iaaaaaaaaaaaaaaaaaaaa"),
    name: "install-b1",
    script: "install.sh",
  } as const;
  return pollJob({ run }, job, 5_000);
}
