/** The command of `npm run check` fails when a script is not what every engine has, and when it found no script. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = fileURLToPath(new URL("../../../lib/local/lua-lint/lint-scripts.ts", import.meta.url));
const repository = fileURLToPath(new URL("../../..", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rekindle-lua-"));
  await mkdir(join(folder, "lib/store/scripts"), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const add = (name: string, lua: string) =>
  writeFile(
    join(folder, `lib/store/scripts/${name}.ts`),
    `export const script = ${JSON.stringify({ name, lua })};\n`,
  );

async function lint(cwd: string): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), program], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  const [code] = await once(child, "close");
  return { code, output };
}

test("a bad script is named with its line, and the command fails", async () => {
  await add("good", "return 1");
  await add("bad", "local x = 1\nreturn math.pow(x, 2)");
  const { code, output } = await lint(folder);
  expect(code).toBe(1);
  expect(output).toContain("bad.ts · bad, line 2 of its text: math.pow is an operator; use ^");
  expect(output).toContain("2 Lua scripts, 1 problem");
});

test("no script at all is a failure", async () => {
  const { code, output } = await lint(folder);
  expect(code).toBe(1);
  expect(output).toContain("exports no script");
});

test("the repository's own pass", async () => {
  const { code, output } = await lint(repository);
  expect(output).toMatch(/^\d+ Lua scripts, 0 problems\n$/);
  expect(code).toBe(0);
});
