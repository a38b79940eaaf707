/**
 * Owns what happens when the server starts: in production mode the app is built at once, so that a start that must be
 * refused is refused there and not at somebody's first click. In development it is built at the first use, and a page
 * says what is missing. Fails closed: the server ends with the sentence and a non-zero exit.
 */
export async function register(): Promise<void> {
  const isServerStart =
    process.env.NEXT_RUNTIME === "nodejs" && process.env.NEXT_PHASE !== "phase-production-build";
  if (!isServerStart || process.env.NODE_ENV !== "production") return;
  const { startOrEnd } = await import("./app/start-or-end");
  startOrEnd();
}
