/**
 * Owns jobs inside a sandbox: work that outlives the request that started it (an install, a dev server), with a status
 * file and a log, looked at by short polls. Starting is idempotent by the job's name: a retried step, or the worker
 * that takes a claim over, finds the job that runs. Commands come from files, never from interpolated text.
 * Fails closed: a job whose process vanished without a status reads as `lost`.
 */
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";

export interface Job {
  readonly sandboxId: SandboxId;
  /** Letters, digits and hyphens; the folder of its files below `~/.rekindle/jobs`. */
  readonly name: string;
  /** The script of `~/.rekindle` that it runs. */
  readonly script: "install.sh" | "start.sh";
}

export type JobStatus =
  | { readonly kind: "not-started"; readonly logTail: string }
  | { readonly kind: "running"; readonly logTail: string }
  | { readonly kind: "exited"; readonly exitCode: number; readonly logTail: string }
  | { readonly kind: "lost"; readonly logTail: string };

/** Enough for the last screen of a package manager's complaint. */
const LOG_TAIL_BYTES = 4000;

/** `mkdir` is the lock: it succeeds once. */
const startScript = `
cd "$HOME" && mkdir -p .rekindle/jobs app && mkdir ".rekindle/jobs/$JOB" 2>/dev/null || exit 0
cd "$HOME/app" || exit 1
echo $$ > "$HOME/.rekindle/jobs/$JOB/pid"
bash "$HOME/.rekindle/$SCRIPT" > "$HOME/.rekindle/jobs/$JOB/log" 2>&1 < /dev/null
code=$?
echo $code > "$HOME/.rekindle/jobs/$JOB/status.new" && mv "$HOME/.rekindle/jobs/$JOB/status.new" "$HOME/.rekindle/jobs/$JOB/status"
`;

const pollScript = `
cd "$HOME/.rekindle/jobs/$JOB" 2>/dev/null || { echo not-started; exit 0; }
has_ended() { [ -f status ] && echo "exited $(cat status)"; }
if has_ended; then :
elif [ ! -f pid ]; then echo running
elif kill -0 "$(cat pid)" 2>/dev/null; then echo running
elif has_ended; then : # between the two looks
else echo lost; fi
tail -c "$BYTES" log 2>/dev/null || true
`;

/** Ends every job that was started here, with all that descends from it; what left its family on purpose stays. */
const stopScript = `
cd "$HOME" && [ -d .rekindle/jobs ] || exit 0
end() { for child in $(ps -A -o pid= -o ppid= | awk -v parent="$1" '$2 == parent { print $1 }'); do end "$child"; done; kill -KILL "$1" 2>/dev/null; }
for pid in $(cat .rekindle/jobs/*/pid 2>/dev/null); do end "$pid"; done
rm -rf .rekindle/jobs
`;

export const forgetScript = `
rm -rf "$HOME/.rekindle/jobs"
`;

/** Starts the job unless one of this name was started before. */
export function startJob(sandboxes: Sandboxes, job: Job, deadlineMs: number): Promise<void> {
  return sandboxes.startInBackground(job.sandboxId, startScript, {
    variables: { JOB: job.name, SCRIPT: job.script },
    deadlineMs,
  });
}

/** How the job stands, with the last lines of its log. */
export async function pollJob(
  sandboxes: Pick<Sandboxes, "run">,
  job: Job,
  deadlineMs: number,
): Promise<JobStatus> {
  const { stdout } = await sandboxes.run(job.sandboxId, pollScript, {
    variables: { JOB: job.name, BYTES: String(LOG_TAIL_BYTES) },
    deadlineMs,
  });
  return parseStatus(stdout);
}

/** Forgets all jobs and ends none: after a reboot none is left, and their numbers may be other processes' by now. */
export async function forgetJobs(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
  deadlineMs: number,
): Promise<void> {
  await sandboxes.run(sandboxId, forgetScript, { variables: {}, deadlineMs });
}

/** Ends all jobs and forgets them. Call only under a claim that begins a boot. */
export async function stopAllJobs(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
  deadlineMs: number,
): Promise<void> {
  await sandboxes.run(sandboxId, stopScript, { variables: {}, deadlineMs });
}

function parseStatus(output: string): JobStatus {
  const lineEnd = output.indexOf("\n");
  const line = lineEnd < 0 ? output : output.slice(0, lineEnd);
  const logTail = lineEnd < 0 ? "" : output.slice(lineEnd + 1);
  const exited = /^exited (-?\d+)$/.exec(line.trim());
  if (exited) return { kind: "exited", exitCode: Number(exited[1]), logTail };
  if (line.trim() === "running") return { kind: "running", logTail };
  if (line.trim() === "not-started") return { kind: "not-started", logTail };
  return { kind: "lost", logTail };
}
