/**
 * Owns the entrance of the E2B stand-in: puts the semantics, the real processes, the wire and the preview proxy
 * together and gives the addresses that the real SDK needs. It must never listen beyond loopback and never leave a
 * process behind. Fails closed: a folder in use by a living stand-in or a port that is taken refuses the start.
 */
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import type { Random } from "@/lib/random";

export interface StartE2bOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Absolute; sandboxes live below it. One living stand-in a folder. */
  readonly rootFolder: string;
  /** What E2B's plan allows; defaults to Hobby: runs of one hour, 20 at once. */
  readonly plan?: { readonly maxRunMs?: number; readonly maxConcurrent?: number };
  /** Default: any free port. */
  readonly previewPort?: number;
  /** Default: any free port. */
  readonly controlPort?: number;
  /** Shared by all sandboxes; default: the developer's own `~/.npm`. */
  readonly npmCacheFolder?: string;
}

export interface LocalE2b {
  /** For the SDK's `apiUrl` / `E2B_API_URL`. */
  readonly apiUrl: string;
  /** For the SDK's `sandboxUrl` / `E2B_SANDBOX_URL`. */
  readonly sandboxUrl: string;
  /** Random at each start. */
  readonly apiKey: string;
  /** `e2b.localhost:<previewPort>`; a preview's host is `<port>-<sandboxId>.` before it. */
  readonly domain: string;
  readonly previewPort: number;
  /** Authenticated control calls since the start by kind (create, connect, pause, timeout, kill, get, list, …). */
  calls(): Record<string, number>;
  /** Acts on sandboxes without a client's call; not counted. */
  readonly cloud: {
    /** Kills as an outside hand would; false when there is no such sandbox. */
    killBehindTheBack(sandboxId: string): Promise<boolean>;
    list(): readonly LocalSandbox[];
  };
  /** Kills every sandbox's processes, removes their folders, closes the ports. Harmless when repeated. */
  stop(): Promise<void>;
}

export interface LocalSandbox {
  readonly sandboxId: string;
  readonly state: "running" | "paused";
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds since the epoch; of a paused one the time of its pause. */
  readonly endAt: number;
}

export async function startE2b(_options: StartE2bOptions): Promise<LocalE2b> {
  throw new Error("The E2B stand-in is not built yet.");
}
