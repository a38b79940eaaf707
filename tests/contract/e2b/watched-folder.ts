/** Owns a folder watched through the real SDK, with what it told written down. It ends with its sandbox. */
import type { FilesystemEvent, Sandbox } from "e2b";

export interface Watched {
  readonly events: FilesystemEvent[];
  /** Each as `type name`, repetitions in a row left out: how often a write is told is the machine's business. */
  told(): string[];
  readonly ended: Promise<Error | undefined>;
  stop(): Promise<void>;
}

export async function watch(
  sandbox: Sandbox,
  path: string,
  options: { recursive?: boolean; includeEntry?: boolean; timeoutMs?: number } = {},
): Promise<Watched> {
  const events: FilesystemEvent[] = [];
  let end: (error: Error | undefined) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  const handle = await sandbox.files.watchDir(path, (event) => void events.push(event), {
    timeoutMs: 0,
    ...options,
    onExit: (error) => end(error),
  });
  const told = () =>
    events.map(({ type, name }) => `${type} ${name}`).filter((text, at, all) => text !== all[at - 1]);
  return { events, told, ended, stop: () => handle.stop() };
}
