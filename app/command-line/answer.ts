/**
 * Owns what a command answers, before anybody decides whether people or programs read it. Types, and the one rule of exit
 * codes: 0 answered, 1 failed or refused, 2 (the program's own) used wrongly. Pure; cannot fail.
 */
import type { Whose } from "@/lib";
import type { Switched } from "@/lib/store/fleet";

export interface Answered {
  readonly kind: "answered";
  /** One JSON object; `switches` is added to it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** For people, in lines. */
  readonly text: string;
  /** Where the command itself has turned one. */
  readonly switches?: readonly Switched[];
}

export interface Failure {
  readonly kind: "failed";
  /** For programs: an error's code of the catalogue, or what this command line itself found. */
  readonly code: string;
  readonly message: string;
  /** Beside the error, for programs. */
  readonly json?: Readonly<Record<string, unknown>>;
}

export type Answer = Answered | Failure;

export const answered = (json: Answered["json"], text: string): Answered => ({
  kind: "answered",
  json,
  text,
});

export const failed = (code: string, message: string, json?: Failure["json"]): Failure => ({
  kind: "failed",
  code,
  message,
  ...(json ? { json } : {}),
});

export const nameOf = ({ projectId, userId }: Whose): string => `${projectId}/${userId}`;
