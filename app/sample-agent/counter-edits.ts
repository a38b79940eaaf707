/**
 * Owns what the sample agent does to the sample "counter": small edits of its page, each of which a person can see.
 * Pure. Each fits whatever the ones before it, or an earlier agent, have left. Fails closed: a page that has lost the
 * place throws and is not written.
 */

export interface Edit {
  /** Inside the sandbox; a relative path begins at the home folder, in which Rekindle keeps the project as `app`. */
  readonly path: string;
  /** The whole text afterwards. @throws Error when the place is not there. */
  change(text: string): string;
}

const page = "app/public/index.html";

export const counterEdits: readonly Edit[] = [
  heading("An agent is at work on this page"),
  accent("#1a6b3c", "#6fd19a"),
  heading("It goes on while nobody watches"),
  accent("#2f5bb7", "#8fb4ff"),
  heading("Its hold keeps this preview from going to rest"),
  accent("#7a3aa8", "#d3a4f5"),
  heading("Tenths of a second that this process has run, on a page that an agent has edited"),
];

function heading(words: string): Edit {
  return edit(/(<h1>)[^<]*(<\/h1>)/, words);
}

/** For light and dark; both carry the page's own text on them. */
function accent(light: string, dark: string): Edit {
  return edit(/(--ember: light-dark\()[^)]*(\))/, `${light}, ${dark}`);
}

function edit(place: RegExp, words: string): Edit {
  return {
    path: page,
    change(text) {
      if (!place.test(text)) throw new Error(`${page} has no place for this edit: ${place.source}`);
      return text.replace(place, (_whole, before: string, after: string) => `${before}${words}${after}`);
    },
  };
}
