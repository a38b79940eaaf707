/**
 * Owns what each command does: one or two calls of the operator's interface, and the answer in both forms. It knows
 * nothing of arguments, streams and exit codes. Fails closed: errors of the catalogue are thrown, what this command line
 * itself refuses is an answer.
 */
import type { Whose } from "@/lib";
import type { Done, ListQuery, Operator, PreviewSummary, Progress } from "@/lib/operate/operator";
import type { State } from "@/lib/preview/transitions";
import { type SwitchName, switchNames } from "@/lib/store/fleet";
import { type Answer, answered, failed, nameOf } from "./answer";
import { type Asker, refusal } from "./confirm";
import { auditText, receiptText } from "./receipts";
import { explainedText, listingText, shownText, switchesText, titleText } from "./render";
import type { Terminal } from "./terminal";
import { whichOf } from "./which";

/** What a command gets beside its arguments. */
export interface Given {
  readonly operator: Operator;
  readonly colors: Terminal["colors"];
  readonly asker: Asker;
  told(progress: Progress): void;
}

const LARGEST_PAGE = 100;

export async function listCommand(
  { operator, colors }: Given,
  query: ListQuery,
  isAll: boolean,
): Promise<Answer> {
  let listing = await operator.list(isAll ? { ...query, most: LARGEST_PAGE } : query);
  const previews: PreviewSummary[] = [...listing.previews];
  while (isAll && listing.next !== undefined) {
    listing = await operator.list({ ...query, most: LARGEST_PAGE, from: listing.next });
    previews.push(...listing.previews);
  }
  const { next, fleet } = listing;
  const whole = { previews, fleet, ...(next === undefined ? {} : { next }) };
  return answered({ ...whole }, listingText(whole, colors));
}

export const showCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(given, term, async (whose) => {
    const shown = await given.operator.show(whose);
    return answered({ ...shown }, shownText(shown, given.colors));
  });

export const explainCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(given, term, async (whose) => {
    const shown = await given.operator.show(whose);
    const { view, explanation } = shown;
    return answered({ view, explanation }, explainedText(shown, given.colors));
  });

/** One that nobody has opened before is named in full. */
export const openCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(
    given,
    term,
    async (whose) => {
      const view = await given.operator.open(whose);
      const isRefused = view.reason.code === "suspended" || (isAtRest(view.state) && view.line === undefined);
      if (isRefused) return failed("refused", `${view.reason.title}. ${view.reason.message}`, { view });
      return answered({ view }, `${titleText(view, given.colors)}${view.url ? `${view.url}\n` : ""}`);
    },
    { mayBeNew: true },
  );

/** After an open: nobody is at work on it, so it was refused, or its start has failed already. */
const isAtRest = (state: State): boolean =>
  state === "absent" || state === "paused" || state === "expired" || state === "failed";

export const syncCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(given, term, async (whose) => {
    const view = await given.operator.sync(whose);
    return answered({ view }, titleText(view, given.colors));
  });

export const pauseCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(given, term, async (whose) => doneAnswer(given, await given.operator.pause(whose)));

export const extendCommand = (given: Given, term: string): Promise<Answer> =>
  withOne(given, term, async (whose) => doneAnswer(given, await given.operator.extend(whose)));

export const killCommand = (given: Given, term: string, isYes: boolean): Promise<Answer> =>
  withOne(given, term, async (whose) => {
    const question = `End the sandbox of ${nameOf(whose)} for good? What could not be saved is lost.`;
    const refused = await refusal(given.asker, question, isYes);
    return refused ?? doneAnswer(given, await given.operator.kill(whose));
  });

export async function sweepCommand({ operator, told }: Given): Promise<Answer> {
  const { looked } = await operator.sweep(told);
  const previews = `${looked} preview${looked === 1 ? "" : "s"}`;
  return answered({ looked }, looked === 0 ? "Nothing was due.\n" : `${previews} due, each is looked at.\n`);
}

/** Not confirmed: it ends only what never was anybody's preview, and runs by itself every hour. */
export async function auditCommand(
  { operator, colors, told }: Given,
  options: { readonly isDryRun: boolean },
): Promise<Answer> {
  const report = await operator.audit(options, told);
  return answered({ report }, auditText(report, colors));
}

export async function switchesCommand({ operator }: Given): Promise<Answer> {
  const { switches } = await operator.fleet();
  return { ...answered({}, switchesText(switches, switchNames)), switches };
}

export async function turnCommand(
  { operator }: Given,
  name: SwitchName,
  to: Parameters<Operator["turn"]>[1],
): Promise<Answer> {
  const switches = await operator.turn(name, to);
  return { ...answered({}, switchesText(switches, [name])), switches };
}

export async function suspendCommand(
  { operator }: Given,
  userId: string,
  by: string,
  why: string,
): Promise<Answer> {
  const { rested } = await operator.suspend(userId, by, why);
  return answered(
    { userId, rested },
    `${userId} is suspended and told why; ${rested} of their previews went to rest at once, others follow.\n`,
  );
}

export async function unsuspendCommand({ operator }: Given, userId: string): Promise<Answer> {
  const wasSuspended = await operator.unsuspend(userId);
  const words = wasSuspended ? "may open previews again" : "was not suspended";
  return answered({ userId, wasSuspended }, `${userId} ${words}.\n`);
}

export const adoptCommand = async (
  given: Given,
  whose: Whose,
  sandbox: Parameters<Operator["adopt"]>[1],
): Promise<Answer> => doneAnswer(given, await given.operator.adopt(whose, sandbox));

/** One preview; named in full also when no record of it is left, since something else of it may be. */
export const forgetCommand = (given: Given, term: string, isYes: boolean): Promise<Answer> =>
  withOne(given, term, (whose) => forget(given, whose, nameOf(whose), isYes), { mayBeNew: true });

export const forgetUserCommand = (given: Given, userId: string, isYes: boolean): Promise<Answer> =>
  forget(given, { userId }, `all previews of the user ${userId}, and what is kept of the user`, isYes);

async function forget(
  { operator, colors, asker, told }: Given,
  what: Parameters<Operator["forget"]>[0],
  words: string,
  isYes: boolean,
): Promise<Answer> {
  const question = `Forget ${words}? Sandbox, what was saved in it, record and history cannot be brought back.`;
  const refused = await refusal(asker, question, isYes);
  if (refused) return refused;
  const receipt = await operator.forget(what, told);
  return answered({ receipt }, receiptText(receipt, colors));
}

async function withOne(
  { operator }: Given,
  term: string,
  act: (whose: Whose) => Promise<Answer>,
  options?: { readonly mayBeNew: boolean },
): Promise<Answer> {
  const which = await whichOf(operator, term, options);
  return which.kind === "one" ? act(which.whose) : which.answer;
}

function doneAnswer({ colors }: Given, { kind, word, view }: Done): Answer {
  if (kind === "refused") return failed("refused", word, { view });
  return answered({ kind, word, view }, `${word}\n${titleText(view, colors)}`);
}
