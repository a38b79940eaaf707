/** What a sandbox's processes get to see of the developer's environment. */
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { npmCacheFolder, sandboxEnvironment } from "@/lib/local/e2b/machine/sandbox-environment";

const environment = () =>
  sandboxEnvironment({ home: "/home/user", temporary: "/tmp", npmCache: npmCacheFolder() });

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

test("the npm cache is the developer's, where it has been put", () => {
  vi.stubEnv("npm_config_cache", undefined);
  vi.stubEnv("NPM_CONFIG_CACHE", undefined);
  expect(environment().NPM_CONFIG_CACHE).toBe(join(homedir(), ".npm"));
  vi.stubEnv("NPM_CONFIG_CACHE", "/cache");
  expect(environment().NPM_CONFIG_CACHE).toBe("/cache");
});

test("the search path starts with this Node and has none of this project's tools", () => {
  vi.stubEnv("PATH", "/this/project/node_modules/.bin:/x/node-gyp-bin:/usr/local/bin");
  expect(environment().PATH).toBe(`${dirname(process.execPath)}:/usr/local/bin`);
});
