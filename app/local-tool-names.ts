/**
 * Owns the names of the local tools and the words beside their buttons: what each does, and what will be seen. Data,
 * for the browser and the server alike.
 */
export const localToolNames = ["kill", "lose-memory", "age-run", "agent"] as const;

export type LocalToolName = (typeof localToolNames)[number];

/** The sample whose page the agent knows how to edit. */
export const agentProjectId = "counter";

export interface LocalToolWords {
  readonly label: string;
  /** What a person will see of it. */
  readonly seen: string;
  /** Once it is done. */
  readonly done: string;
}

export const localToolWords: Readonly<Record<LocalToolName, LocalToolWords>> = {
  kill: {
    label: "Kill it",
    seen: "Its sandbox is gone, as if somebody had killed it at E2B. It is built again from its files, and what it had in memory is lost.",
    done: "Killed. Rekindle was told to look, and finds it gone.",
  },
  "lose-memory": {
    label: "Lose its memory",
    seen: "Its processes are gone, its files are there, and nothing says so. The server is started again when it comes back from its next rest.",
    done: "Its processes are gone. Leave until it rests, then come back.",
  },
  "age-run": {
    label: "Jump 55 minutes",
    seen: "Its run is 55 minutes older, and no clock has moved. It is renewed before its hour is over, or brought back where that has passed: the same processes go on.",
    done: "Its run is 55 minutes older. Rekindle was told to look; within five minutes the same processes go on in a new run.",
  },
  agent: {
    label: "Let an agent work",
    seen: "A sample agent edits the page for half a minute and holds the sandbox, also when you leave now. Load the page again to see what it wrote.",
    done: "The agent works for half a minute. Leave if you like: the preview stays until it has finished.",
  },
};
