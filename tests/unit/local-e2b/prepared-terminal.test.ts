/** What may come between a check and the start of a terminal: nothing. */
import { expect, test, vi } from "vitest";
import { prepareToStart, startCommand } from "@/lib/local/e2b/machine/command";
import { VirtualClock } from "@/lib/local/virtual-clock";

const spawned = vi.hoisted((): string[] => []);

vi.mock("@lydell/node-pty", () => ({
  spawn: (program: string) => {
    spawned.push(program);
    return { pid: 4_000_000, onData: () => undefined, onExit: () => undefined };
  },
}));

test("a terminal that was prepared starts before its caller goes on, so no pause comes between", async () => {
  const terminal = { columns: 80, rows: 24 };
  const request = {
    program: "/bin/sh",
    args: [],
    folder: "/",
    environment: {},
    takesInput: false,
    lifetimeMs: undefined,
    terminal,
  };
  await prepareToStart(request);
  expect(spawned).toEqual([]);
  const starting = startCommand(new VirtualClock(), request);
  expect(spawned).toEqual(["/bin/sh"]);
  expect((await starting).pid).toBe(4_000_000);
});
