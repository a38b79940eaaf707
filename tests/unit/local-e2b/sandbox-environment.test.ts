/** What a sandbox's processes get to see of the developer's environment. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { INSTANCE_NAME, MARK_NAME, sandboxEnvironment } from "@/lib/local/e2b/sandbox-environment";

const marks = { [MARK_NAME]: "iabc", [INSTANCE_NAME]: "instance" };
const environment = (npmCacheFolder?: string) =>
  sandboxEnvironment("/root of/sandbox", marks, { preloadFile: "/a b/pre.cjs", npmCacheFolder });

afterEach(() => {
  vi.unstubAllEnvs();
});

test("secrets of the host stay outside, npm's own among them", () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("NODE_AUTH_TOKEN", "secret");
  vi.stubEnv("npm_config__authToken", "secret");
  vi.stubEnv("NPM_CONFIG_//REGISTRY.EXAMPLE/:_PASSWORD", "secret");
  expect(Object.values(environment())).not.toContain("secret");
});

test("npm's registry settings go along, what npm run says about this project does not", () => {
  vi.stubEnv("npm_config_cafile", "/ca.pem");
  vi.stubEnv("npm_config_local_prefix", "/this/project");
  vi.stubEnv("npm_config_prefix", "/usr");
  expect(environment().npm_config_cafile).toBe("/ca.pem");
  expect(Object.keys(environment()).filter((name) => name.endsWith("prefix"))).toEqual([]);
});

test("the npm cache is the developer's unless a folder is given", () => {
  vi.stubEnv("npm_config_cache", undefined);
  vi.stubEnv("NPM_CONFIG_CACHE", undefined);
  expect(environment().NPM_CONFIG_CACHE).toBe(join(homedir(), ".npm"));
  expect(environment("/cache").NPM_CONFIG_CACHE).toBe("/cache");
});

test("the search path starts with this Node and has none of this project's tools", () => {
  vi.stubEnv("PATH", "/this/project/node_modules/.bin:/x/node-gyp-bin:/usr/local/bin");
  expect(environment().PATH).toBe(`${dirname(process.execPath)}:/usr/local/bin`);
});

test("a folder with a space in its name does not split NODE_OPTIONS", () => {
  expect(environment().NODE_OPTIONS).toBe('--require "/a b/pre.cjs"');
});

test("every process carries the sandbox's mark and the stand-in's", () => {
  expect(environment()).toMatchObject(marks);
});
