/** Where the command line finds its services, and that it never mixes one environment's name with another's addresses. */
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findEnvironment } from "@/app/command-line/environment";
import { ConfigurationError } from "@/lib/errors";
import { writeLaunch } from "@/lib/local/launcher/launch-file";

async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rekindle-command-line-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, ".local"));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return folder;
}

const launch = JSON.stringify({ REKINDLE_ENV: "dev-1", UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1" });
const envLocal = 'REKINDLE_ENV="mine"\nE2B_API_KEY=real\nUPSTASH_REDIS_REST_URL=https://mine.example\n';

test("an environment that is named is taken as it is, whatever files there are", async () => {
  const folder = await folderWith({ ".local/launch.json": launch, ".env.local": envLocal });
  const variables = { REKINDLE_ENV: "production" };

  expect(findEnvironment(variables, folder)).toEqual({ variables, from: "the environment, as production" });
});

test("a launch that runs comes before .env.local, which has its real keys", async () => {
  const folder = await folderWith({ ".local/launch.json": launch, ".env.local": envLocal });

  const { variables, from } = findEnvironment({ REKINDLE_ENV: "", HOME: "/home/ada" }, folder);

  expect(from).toContain("launch.json");
  expect(variables).toEqual({
    REKINDLE_ENV: "dev-1",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1",
    E2B_API_KEY: "real",
    HOME: "/home/ada",
  });
});

test("without a launch it is .env.local", async () => {
  const folder = await folderWith({ ".env.local": envLocal });

  const { variables, from } = findEnvironment({ REKINDLE_ENV: "" }, folder);

  expect(from).toContain(".env.local");
  expect(variables).toMatchObject({ REKINDLE_ENV: "mine", E2B_API_KEY: "real" });
});

test("a launch's folder of its own is looked in", async () => {
  const folder = await folderWith({ "launch.json": launch });

  expect(findEnvironment({ REKINDLE_LOCAL_FOLDER: folder }, "/nowhere").variables).toMatchObject({
    REKINDLE_ENV: "dev-1",
  });
});

test.each(["{oops", "[1]", '{"PORT":1}'])("a launch's file with %j is a fault and no guess", async (text) => {
  const folder = await folderWith({ ".local/launch.json": text });

  expect(() => findEnvironment({}, folder)).toThrow(ConfigurationError);
});

test("a launch is written for its owner alone, without real keys, and taken away again", async () => {
  const folder = await folderWith({ ".local/launch.json": "left behind" });
  const local = join(folder, ".local");
  const made = { REKINDLE_ENV: "dev-1", UPSTASH_REDIS_REST_TOKEN: "made up" };
  const given = {
    E2B_API_KEY: "CANARY-real",
    REKINDLE_POLICY: `{"idleAfterMs":60000,"x":"'"}`,
    E2B_TEMPLATE: "",
  };

  const remove = await writeLaunch(local, made, given);

  const file = join(local, "launch.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(findEnvironment({}, folder).variables).toEqual({ ...made, REKINDLE_POLICY: given.REKINDLE_POLICY });
  await remove();
  await expect(stat(file)).rejects.toThrow("ENOENT");
});

test("a folder in which nothing names one is said to be so, with what would help", async () => {
  const folder = await folderWith();

  expect(() => findEnvironment({}, folder)).toThrow("no `npm run dev` runs in this folder");
});
