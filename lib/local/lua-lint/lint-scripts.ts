/**
 * Owns the command `npm run lua`, part of `npm run check`: every script that a file of `lib/store/scripts` exports is
 * held to what every engine has. Prints one line a finding and fails when there is any; finding no script at all is a
 * failure too, so that it cannot pass by looking in the wrong place.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { lintScript } from "./lint-script";

const folder = "lib/store/scripts";
const scriptShape = z.object({ name: z.string(), lua: z.string() });

const files = (await readdir(folder)).filter((file) => file.endsWith(".ts"));
const problems: string[] = [];
let count = 0;
for (const file of files) {
  const exported: Record<string, unknown> = await import(pathToFileURL(join(folder, file)).href);
  for (const value of Object.values(exported)) {
    const script = scriptShape.safeParse(value);
    if (!script.success) continue;
    count += 1;
    const { name, lua } = script.data;
    for (const { line, problem } of lintScript(lua)) {
      problems.push(
        `${join(folder, file)} · ${name}, line ${line} of its text: ${problem}\n    ${lineOf(lua, line)}`,
      );
    }
  }
}

if (count === 0) problems.push(`${folder} exports no script`);
process.stdout.write([...problems, `${count} Lua scripts, ${problems.length} problems`, ""].join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;

/** Scripts stand in their files behind the common beginning, so that the line itself says more than its number. */
function lineOf(lua: string, line: number): string {
  return lua.split("\n")[line - 1]?.trim() ?? "";
}
