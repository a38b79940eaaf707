/**
 * Owns the names of what can befall a sandbox without a client's call, as tests, the demo and the routes below `/local/`
 * ask for it. Types only; what each one means is the cloud's.
 */
export interface WorldFaults {
  /** As an outside hand would; false when there is no such sandbox. */
  killBehindTheBack(sandboxId: string): Promise<boolean>;
  /** Its processes are gone: now, or when a paused one resumes. False when there is no such sandbox. */
  loseMemory(sandboxId: string): Promise<boolean>;
  /** Paths inside the sandbox. False when there is no such sandbox. */
  loseFiles(sandboxId: string, paths: readonly string[]): Promise<boolean>;
}
