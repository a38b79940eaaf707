/**
 * Owns how much of a sandbox is looked at and carried out of it. It must never limit what the product itself gave: that
 * always counts. What lies beyond a limit is named as left out, never dropped in silence.
 */
export interface WorkspaceLimits {
  /** Files of the sandbox's own making that are hashed, in the order of their paths; those after it are left out. */
  readonly mostFiles: number;
  /** A larger file of the sandbox's own making is left out: it is data or a build's output, hardly anybody's source. */
  readonly largestFileBytes: number;
  /** The contents of one save; what is beyond it comes with the next save. */
  readonly mostSavedBytes: number;
}

/** A large project has some thousand sources; hashing 10,000 small files takes about a second on two cores. */
export const defaultLimits: WorkspaceLimits = {
  mostFiles: 10_000,
  largestFileBytes: 5 * 1024 * 1024,
  mostSavedBytes: 50 * 1024 * 1024,
};
