/** Owns a terminal opened through the real SDK, with what it showed written down. It ends with its sandbox. */
import type { CommandHandle, Sandbox } from "e2b";

export interface Terminal {
  readonly handle: CommandHandle;
  /** Everything it showed so far. */
  shown(): string;
}

export async function openTerminal(
  sandbox: Sandbox,
  options: { cols?: number; rows?: number; envs?: Record<string, string>; cwd?: string } = {},
): Promise<Terminal> {
  let shown = "";
  const handle = await sandbox.pty.create({
    cols: 80,
    rows: 24,
    timeoutMs: 0,
    ...options,
    onData: (bytes) => {
      shown += Buffer.from(bytes).toString("utf8");
    },
  });
  return { handle, shown: () => shown };
}

export function type(sandbox: Sandbox, { handle }: Terminal, text: string): Promise<void> {
  return sandbox.pty.sendInput(handle.pid, Buffer.from(text));
}
