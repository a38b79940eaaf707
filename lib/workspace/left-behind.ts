/**
 * Owns the names of what package managers and builds leave in a project's folder: never looked at, never saved, made
 * anew by the sandbox. Pure. It must never hold a name that a person could give to a folder of sources: for those that
 * both use (`dist`, `build`) see `outputFolders`.
 */

/** Folders of these names are left out at every depth. */
export const leftBehind: readonly string[] = [
  "node_modules",
  ".git",
  ".next",
  ".local",
  ".nuxt",
  ".output",
  ".svelte-kit",
  ".astro",
  ".vite",
  ".turbo",
  ".cache",
  ".parcel-cache",
  ".pnpm-store",
  ".vercel",
  ".netlify",
  ".venv",
  "__pycache__",
];

/**
 * Folders at the project's root that are output where its .gitignore says so, or where it has none. Deeper ones of
 * these names are only left out by the project's own rules: `app/build/page.tsx` is a page.
 */
export const outputFolders: readonly string[] = ["dist", "build", "out", "coverage"];
