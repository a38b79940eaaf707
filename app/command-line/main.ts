/**
 * Owns the command `npm run rekindle`: the program over the Rekindle that the environment names. It works in production
 * too: whoever has the environment's keys is an operator already. Fails closed: exit code 1 with the reason.
 */
import { userInfo } from "node:os";
import { findEnvironment } from "./environment";
import { runProgram } from "./run-program";
import { processTerminal } from "./terminal";

const terminal = processTerminal();

process.exitCode = await runProgram(process.argv.slice(2), {
  terminal,
  userName: nameOfUser(),
  async operator() {
    const { variables, from } = findEnvironment(process.env, process.cwd());
    terminal.err(`${terminal.colors.dim(`Rekindle of ${from}`)}\n`);
    // The SDKs look there as well.
    Object.assign(process.env, variables);
    // Only now: the SDKs take seconds to load, and who mistyped or asks for help need not wait for them.
    const { readEnvironment } = await import("@/lib/env");
    const { silentLog } = await import("@/lib/log");
    const { rekindleFromEnvironment } = await import("../rekindle-from-environment");
    // What goes wrong is in the answer; the operations' log is the app's.
    return rekindleFromEnvironment(readEnvironment(variables), silentLog).rekindle.operator;
  },
});

/** Who has no name on this machine, as in a container, is told by number. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
