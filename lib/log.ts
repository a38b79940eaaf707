/**
 * Owns the shape of log lines: object first, then a sentence in the past tense; the same interface that Pino and
 * Inngest loggers have, so a product passes its own. It must never be handed file contents, tokens or command text.
 * Fails open: a logger that throws is the product's own and is not caught here.
 */
export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** One JSON object a line on standard error, so that standard output stays free for a command's own answer. */
export const jsonLog: Log = {
  info: (fields, message) => write("info", fields, message),
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};

export const silentLog: Log = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function write(level: "info" | "warn" | "error", fields: Record<string, unknown>, message: string): void {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}
