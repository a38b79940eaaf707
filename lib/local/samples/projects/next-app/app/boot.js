/**
 * Who this server process is. It hangs on the process, not on the module: the dev server loads a module again at every
 * edit, and only a new process may count as a new boot.
 */
globalThis.sampleBoot ??= { nonce: crypto.randomUUID().slice(0, 8), startedAt: new Date() };

export function describeProcess() {
  return { ...globalThis.sampleBoot, pid: process.pid, now: new Date() };
}
