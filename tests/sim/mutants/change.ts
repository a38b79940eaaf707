/**
 * Owns what a mutant is, and how its changes are made to a text. A change must fit exactly once: where the shipping code
 * has moved on, the mutant would be the shipping code, and a simulator that finds nothing in it would look blind. Pure.
 */
export const rootUrl = new URL("../../../", import.meta.url);

export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  /** What it gives up. */
  readonly what: string;
  readonly edits: readonly Edit[];
}

/** @throws when a change does not fit exactly once */
export function changed({ name, edits }: Mutant, file: string, text: string): string {
  let changedText = text;
  for (const { find, replace } of edits.filter((edit) => edit.file === file)) {
    const parts = changedText.split(find);
    if (parts.length !== 2)
      throw new Error(
        `${name}: "${find}" is ${parts.length - 1} times in ${file}. ` +
          "The shipping code has changed, this mutant has to be rewritten.",
      );
    changedText = parts.join(replace);
  }
  return changedText;
}
