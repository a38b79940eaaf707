/** The list of allowed commands and the in-process engine agree with each other. */
import { expect, test } from "vitest";
import { systemClock } from "@/lib/clock";
import { allowedCommands, refuseCommand } from "@/lib/local/upstash/allowed-commands";
import { createMemoryEngine } from "@/lib/local/upstash/memory/memory-engine";

test.each([...allowedCommands])("%s is known to the in-process engine", async (name, { minArgs }) => {
  const engine = await createMemoryEngine({ clock: systemClock });
  const reply = await engine.execute([name, ...Array.from({ length: minArgs }, () => "1")]);
  expect(JSON.stringify(reply)).not.toContain("unknown command");
});

test("every command that Upstash would not run in a script is refused there by name", async () => {
  const engine = await createMemoryEngine({ clock: systemClock });
  for (const [name, { inScripts }] of allowedCommands) {
    if (inScripts !== false) continue;
    const reply = await engine.execute(["EVAL", `return redis.call('${name}', 'return 1', 0)`, "0"]);
    expect(JSON.stringify(reply)).toContain("not allowed from script");
  }
});

test("the count of arguments is checked before a command runs", () => {
  expect(refuseCommand("GET", 0)).toMatch(/^ERR wrong number of arguments for 'get'/);
  expect(refuseCommand("GET", 1)).toBeUndefined();
  expect(refuseCommand("GET", 2)).toMatch(/^ERR wrong number of arguments for 'get'/);
});
