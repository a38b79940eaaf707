/** A machine without the terminals' binary. */
import { expect, test, vi } from "vitest";
import { prepareToStart, startCommand } from "@/lib/local/e2b/machine/command";
import { TerminalsUnavailable } from "@/lib/local/e2b/machine/terminal";
import { VirtualClock } from "@/lib/local/virtual-clock";

vi.mock("@lydell/node-pty", () => {
  throw new Error("no binary");
});

const request = {
  program: "/bin/sh",
  args: ["-c", "exit 3"],
  folder: "/",
  environment: {},
  takesInput: false,
  lifetimeMs: undefined,
};

test("where there is no binary for terminals, they are refused by name of the platform", async () => {
  const terminal = { columns: 80, rows: 24 };
  const starting = startCommand(new VirtualClock(), { ...request, terminal });
  await expect(starting).rejects.toBeInstanceOf(TerminalsUnavailable);
  await expect(prepareToStart({ terminal })).rejects.toBeInstanceOf(TerminalsUnavailable);
  await expect(starting).rejects.toThrow(`not offered on ${process.platform}-${process.arch}`);
});

test("and commands without one run all the same", async () => {
  const command = await startCommand(new VirtualClock(), request);
  const end = await new Promise((resolve) => {
    command.whenEnded(resolve);
  });
  expect(end).toEqual({ exitCode: 3, exited: true, status: "exit status 3" });
});
