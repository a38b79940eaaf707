/**
 * Owns which preview a person means by what they typed. It must never choose among several. Fails closed: nothing found,
 * or more than one, is an answer that says so and lists them.
 */
import type { Whose } from "@/lib";
import type { Operator } from "@/lib/operate/operator";
import { parseMember } from "@/lib/store/member";
import { type Answer, failed, nameOf } from "./answer";

const MOST_LISTED = 20;

export type Which =
  | { readonly kind: "one"; readonly whose: Whose }
  | { readonly kind: "not-one"; readonly answer: Answer };

/** `mayBeNew`: project/user in full is taken also where no preview of that name is known. */
export async function whichOf(
  operator: Pick<Operator, "find">,
  term: string,
  { mayBeNew = false } = {},
): Promise<Which> {
  const matches = await operator.find(term);
  const [first] = matches;
  if (matches.length === 1 && first) return { kind: "one", whose: first };
  if (matches.length > 1) return { kind: "not-one", answer: ambiguous(term, matches) };
  const [named] = mayBeNew ? parseFullName(term) : [];
  if (named) return { kind: "one", whose: named };
  const hint = mayBeNew ? " Name a new one as project/user." : "";
  return {
    kind: "not-one",
    answer: failed(
      "not-found",
      `No preview is known by "${term}": it is looked up as project, user, project/user, sandbox id and address, in full.${hint}`,
    ),
  };
}

/** `project/user` and nothing else. */
export const parseFullName = (term: string): Whose[] =>
  /^[^/]+\/[^/]+$/.test(term) ? parseMember(term) : [];

function ambiguous(term: string, matches: readonly Whose[]): Answer {
  const names = matches.slice(0, MOST_LISTED).map(nameOf);
  const rest = matches.length > names.length ? [`and ${matches.length - names.length} more`] : [];
  const lines = [...names, ...rest].map((line) => `\n  ${line}`).join("");
  return failed("ambiguous", `"${term}" is ${matches.length} previews; be more precise:${lines}`, {
    matches,
  });
}
