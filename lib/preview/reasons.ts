/**
 * Owns why a preview is in the state that it is in: a closed union, each member with the words that a person reads
 * and the action that helps. The compiler refuses a reason without copy. A message says only what is known: that
 * something is lost, only where the provider was just asked. Pure; cannot fail.
 */
import { z } from "zod";
import { type ErrorCode, RekindleError } from "../errors";

export const reasonSchema = z.enum([
  "never-opened",
  "requested",
  "returned",
  "idle",
  "left",
  "renewal",
  "renewed",
  "renewed-restarted",
  "files-damaged",
  "provider-paused",
  "sandbox-gone",
  "interrupted",
  "unknown-project",
  "files-unavailable",
  "no-recipe",
  "install-failed",
  "install-timed-out",
  "server-exited",
  "port-never-opened",
  "provider-unreachable",
  "provider-refused",
  "provider-capacity",
  "events-unreachable",
  "run-failed",
  "no-place",
  "evicted",
  "asked",
  "suspended",
  "creating-stopped",
  "user-limit",
  "usage-limit",
  "project-broken",
  "last-save",
  "retired",
  "killed",
  "adopted",
]);

export type Reason = z.infer<typeof reasonSchema>;

/** What the pane offers: opening again keeps what is kept; trying again boots anew; `none` while work is under way. */
export type HelpfulAction = "none" | "open" | "try-again";

export interface ReasonCopy {
  readonly title: string;
  readonly message: string;
  readonly action: HelpfulAction;
}

export const reasonCopy: Readonly<Record<Reason, ReasonCopy>> = {
  "never-opened": {
    title: "Not started yet",
    message: "This preview has not been opened before. The first start installs its dependencies.",
    action: "open",
  },
  requested: {
    title: "Opened",
    message: "The preview was asked for.",
    action: "none",
  },
  returned: {
    title: "Welcome back",
    message: "Somebody came back, so the preview is woken.",
    action: "none",
  },
  idle: {
    title: "Resting: nobody was active",
    message: "It is paused with its memory and processes kept, and goes on where it stood still.",
    action: "open",
  },
  left: {
    title: "Resting: everybody left",
    message: "It is paused with its memory and processes kept, and goes on where it stood still.",
    action: "open",
  },
  renewal: {
    title: "Renewing its run",
    message:
      "The plan ends a run after a while, so the sandbox is paused for a moment and goes on at once, with memory and processes kept.",
    action: "none",
  },
  renewed: {
    title: "Its run was renewed",
    message: "It was paused for a moment before the plan's end, and the same processes go on.",
    action: "none",
  },
  "renewed-restarted": {
    title: "Its run was renewed, but not its memory",
    message:
      "It was paused before the plan's end, and its processes did not come back, so what was only in memory is lost. It is started again from its files.",
    action: "none",
  },
  "files-damaged": {
    title: "The sandbox came back damaged",
    message:
      "After the pause its files were not what they had been. It is built anew from the project's files; the damaged sandbox is kept aside, paused.",
    action: "open",
  },
  "provider-paused": {
    title: "Resting: the provider paused it",
    message:
      "It reached the end that the provider knew, where a sandbox is paused with its memory kept. It goes on where it stood still.",
    action: "open",
  },
  "sandbox-gone": {
    title: "The sandbox is gone",
    message:
      "The provider was asked and no longer has it. Its files are as the project last had them; what was only in the sandbox is lost. The next start builds it anew.",
    action: "open",
  },
  interrupted: {
    title: "Picking up where a worker stopped",
    message: "The worker that was at this preview stopped half-way; another goes on.",
    action: "none",
  },
  "unknown-project": {
    title: "No such project",
    message: "The project was deleted, or the address is mistyped.",
    action: "try-again",
  },
  "files-unavailable": {
    title: "The project's files could not be loaded",
    message:
      "The store behind the files did not answer. The project itself was not touched; try again in a moment.",
    action: "try-again",
  },
  "no-recipe": {
    title: "Nothing to start",
    message: 'The project has no "dev" or "start" script. Add one to package.json and try again.',
    action: "try-again",
  },
  "install-failed": {
    title: "Installing the dependencies failed",
    message: "The log below says what the package manager answered. Mend it and try again.",
    action: "try-again",
  },
  "install-timed-out": {
    title: "Installing the dependencies took too long",
    message: "It was given up at its deadline. The log below shows how far it came.",
    action: "try-again",
  },
  "server-exited": {
    title: "The dev server ended",
    message: "The start command exited before it answered. The log below shows its last lines.",
    action: "try-again",
  },
  "port-never-opened": {
    title: "The dev server never answered",
    message: "The start command runs, but nothing answers at its port. Does it listen on the port in PORT?",
    action: "try-again",
  },
  "provider-unreachable": {
    title: "The sandbox provider did not answer",
    message: "It was asked several times. Nothing was thrown away; try again in a moment.",
    action: "try-again",
  },
  "provider-refused": {
    title: "The sandbox provider refused",
    message:
      "It will not accept this call: the operator should check the API key, the template and the plan.",
    action: "try-again",
  },
  "provider-capacity": {
    title: "All places are taken",
    message:
      "As many sandboxes run as the plan allows, and nobody waits here for a place any more. Opened again it stands in line.",
    action: "open",
  },
  "events-unreachable": {
    title: "Inngest did not answer",
    message: "Nothing would carry the work on, so it was not begun. Try again in a moment.",
    action: "try-again",
  },
  "run-failed": {
    title: "The work on this preview ended without an answer",
    message: "It was cancelled or failed, and nothing goes on unseen. Nothing was thrown away; try again.",
    action: "try-again",
  },
  "no-place": {
    title: "Waiting for a place",
    message: "As many sandboxes run as the plan allows. It stands in line and starts by itself.",
    action: "none",
  },
  evicted: {
    title: "Resting: its place was needed",
    message:
      "All places were taken and nobody was using this one. It is paused with its memory and processes kept, and goes on where it stood still.",
    action: "open",
  },
  asked: {
    title: "Resting: it was asked to",
    message: "It is paused with its memory and processes kept, and goes on where it stood still.",
    action: "open",
  },
  suspended: {
    title: "Suspended",
    message: "Previews of this user may not run at the moment. Nothing was thrown away.",
    action: "none",
  },
  "creating-stopped": {
    title: "No new sandboxes at the moment",
    message:
      "The operators have stopped new starts for a while. What runs or rests goes on as usual; open it again later.",
    action: "open",
  },
  "user-limit": {
    title: "Too many previews at once",
    message:
      "As many of your previews run as you may have at once, and all are in use. Close one and open this one again.",
    action: "open",
  },
  "usage-limit": {
    title: "The time for previews is used up",
    message:
      "Your previews have run for as long as they may in this period. What is paused is kept; it opens again in the next one.",
    action: "open",
  },
  "project-broken": {
    title: "Not tried: this project's starts fail",
    message: "Several starts of this project failed one after the other, so this one was not tried.",
    action: "try-again",
  },
  "last-save": {
    title: "Woken to save its files",
    message:
      "It has rested for longer than sandboxes are kept. What is in it is given to the project before it is let go.",
    action: "none",
  },
  retired: {
    title: "Put away after a long rest",
    message: "Nobody opened it for a long time. Its files are in the project; the next start builds it anew.",
    action: "open",
  },
  killed: {
    title: "Ended by an operator",
    message: "Its sandbox was ended. The next start builds it anew from the project's files.",
    action: "open",
  },
  adopted: {
    title: "Taken over",
    message: "A sandbox that ran already was taken over as this preview.",
    action: "open",
  },
};

const reasonsOfErrors: Readonly<Partial<Record<ErrorCode, Reason>>> = {
  "unknown-project": "unknown-project",
  "files-unavailable": "files-unavailable",
  "no-recipe": "no-recipe",
  "sandbox-gone": "sandbox-gone",
  "provider-unreachable": "provider-unreachable",
  "provider-busy": "provider-unreachable",
  "provider-rate": "provider-unreachable",
  "provider-refused": "provider-refused",
  "provider-capacity": "provider-capacity",
  "creating-stopped": "creating-stopped",
  "events-unreachable": "events-unreachable",
};

/** The reason that a person is given when this error ends the work. */
export function reasonOfError(error: unknown): Reason {
  return (error instanceof RekindleError ? reasonsOfErrors[error.code] : undefined) ?? "run-failed";
}
