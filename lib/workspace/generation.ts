/**
 * Owns the generation of a sandbox's disk: a random name that a boot gives it, and each seal anew, with the ones before
 * it. A disk on which the expected name is not to be found has come back in an older state. Pure.
 */
import type { WorkspaceFile } from "@/lib/sandbox/port";
import { bytesOf } from "./base";

export const GENERATION_FILE = ".rekindle/generation";

/**
 * How many names stay. More than one, because a worker can die after it has sealed and before it has told anybody: the
 * record then knows the name before, and the disk is none the worse for it.
 */
const KEPT = 8;

/** The newest first. */
export const generationFile = (generations: readonly string[]): WorkspaceFile => ({
  path: GENERATION_FILE,
  content: bytesOf(
    generations
      .slice(0, KEPT)
      .map((name) => `${name}\n`)
      .join(""),
  ),
});

export const generationsIn = (text: string): string[] => text.split("\n").filter(Boolean);
