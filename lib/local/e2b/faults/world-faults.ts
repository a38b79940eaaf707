/**
 * Owns the names of what can befall a sandbox without a client's call, as tests, the demo and the routes below `/local/`
 * ask for it. Types only; what each one means is the cloud's. An unknown sandbox is `ApiError` 404, but for a kill.
 */
export interface WorldFaults {
  /** As an outside hand would; false when there is no such sandbox. */
  killBehindTheBack(sandboxId: string): Promise<boolean>;
  /** Its processes are gone, and nothing says so; a paused one comes back without them. */
  loseMemory(sandboxId: string): Promise<void>;
  /** Paths inside the sandbox; folders with all that is in them. */
  loseFiles(sandboxId: string, paths: readonly string[]): Promise<void>;
  /** Its next resume gives its files another id. */
  answerNextConnectWithAnotherId(sandboxId: string): void;
  /**
   * Its run has been going on for so many milliseconds longer, and somebody has used it all the while: the plan's cap is
   * that much nearer, and ends it at once where it has passed. `ApiError` 409 while it does not run.
   */
  ageRun(sandboxId: string, byMs: number): void;
}
