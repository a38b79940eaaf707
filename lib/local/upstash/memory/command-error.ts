/**
 * Owns how a command of the in-process engine refuses: it throws the exact text that Redis answers, and the
 * dispatcher turns it into an error reply. It never leaves the engine.
 */
export class CommandError extends Error {}

export const wrongType = (): CommandError =>
  new CommandError("WRONGTYPE Operation against a key holding the wrong kind of value");
export const syntaxError = (): CommandError => new CommandError("ERR syntax error");
export const notAnInteger = (): CommandError =>
  new CommandError("ERR value is not an integer or out of range");
