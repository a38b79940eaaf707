/**
 * Owns a command line over an operator that does nothing but remember what it was asked. It must never answer a method
 * that a test did not expect: what is not given here throws.
 */
import colors from "picocolors";
import { runProgram } from "@/app/command-line/run-program";
import type { Operator, Progress } from "@/lib/operate/operator";
import type { FleetState } from "@/lib/store/fleet";

export const now = 1_800_000_000_000;
export const MINUTE = 60_000;

export const fleet: FleetState = {
  now,
  taken: 3,
  limit: 20,
  foreign: 2,
  waiting: 1,
  previews: 12,
  due: 0,
  switches: [],
};

export const creatingStopped: FleetState["switches"][number] = {
  name: "stop-creating",
  by: "ada",
  since: now - 5 * MINUTE,
  why: "the bill",
};

export const view = {
  projectId: "shop",
  userId: "ada",
  state: "running",
  reason: { code: "requested", title: "Opened", message: "The preview was asked for." },
  action: "none",
  url: "https://3000-isandbox.preview.test",
  sandboxId: "isandbox",
  restsAt: now + 9 * MINUTE,
  viewers: 1,
  holds: 0,
  serverNow: now,
  beatEveryMs: 30_000,
} as const;

export const explanation = {
  why: ["Somebody opened it 3 min ago.", "It rests in 9 min."],
  entries: [
    { at: now - 3 * MINUTE, title: "Running", detail: "Built from the project's files. By a person." },
  ],
};

const usage = { dayMs: 90 * MINUTE, dayLimitMs: 240 * MINUTE, monthMs: 90 * MINUTE, monthLimitMs: 0 };
const whose = { projectId: "shop", userId: "ada" };

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface CallOptions {
  readonly operator?: Partial<Operator>;
  readonly isInteractive?: boolean;
  /** What a person answers when asked. */
  readonly says?: boolean;
}

/** Runs one command line, and tells all that came of it. */
export async function call(line: string, options: CallOptions = {}) {
  const calls: Call[] = [];
  const outputs = { out: "", err: "" };
  const asked: string[] = [];
  const shown: Progress[] = [];
  const done = async () => ({ kind: "done" as const, word: "It is done.", view });
  const operator: Operator = {
    fleet: async () => fleet,
    find: async () => [whose],
    show: async () => ({ view, explanation, usage }),
    open: async () => view,
    sync: async () => view,
    ...{ pause: done, kill: done, extend: done, adopt: done },
    ...{ list: nobody, sweep: nobody, audit: nobody, turn: nobody, forget: nobody },
    ...{ suspend: nobody, unsuspend: nobody },
    ...options.operator,
  };
  const remembering = new Proxy(operator, {
    get(target, method) {
      const act: unknown = Reflect.get(target, method);
      if (typeof act !== "function") return act;
      return (...args: unknown[]) => {
        calls.push({ method: String(method), args: args.filter((each) => typeof each !== "function") });
        return Reflect.apply(act, target, args);
      };
    },
  });
  const exitCode = await runProgram(words(line), {
    userName: "root",
    operator: async () => remembering,
    terminal: {
      out: (text) => {
        outputs.out += text;
      },
      err: (text) => {
        outputs.err += text;
      },
      isInteractive: options.isInteractive ?? false,
      colors: colors.createColors(false),
      ask: async (question) => {
        asked.push(question);
        return options.says ?? false;
      },
      showProgress: () => ({ tell: (each) => shown.push(each), end: () => undefined }),
    },
  });
  return {
    exitCode,
    ...outputs,
    asked,
    shown,
    /** Without the look at the switches, which every command begins with. */
    calls: calls.filter(({ method }) => method !== "fleet"),
    json: (): unknown => JSON.parse(outputs.out),
  };
}

const nobody = async (): Promise<never> => {
  throw new Error("nobody expected this");
};

/** As a shell splits it, with double quotes. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
