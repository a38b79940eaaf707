/** Owns what a developer reads when the app could not be built; the sentence names variables, never values. */
import { RekindleError } from "@/lib/errors";
import { Message } from "./message";

export function SetupProblem({ message }: { readonly message: string }) {
  return (
    <Message title="Rekindle is not set up">
      <p>{message}</p>
      <p>
        <code>npm run dev</code> starts everything on this machine and sets what is needed.
      </p>
    </Message>
  );
}

/** The sentence for a person; anything that is not of the catalogue comes from reading the projects folder. */
export function setupMessage(error: unknown): string {
  return error instanceof RekindleError
    ? error.message
    : "The projects folder could not be read. Check PROJECTS_FOLDER.";
}
