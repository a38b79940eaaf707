/** The app is built from its environment, or says what is wrong with it. */
import { expect, test } from "vitest";
import { previewRoute } from "@/app/preview-route";
import { buildApp } from "@/app/rekindle";
import { AccessControlMissingError } from "@/lib/errors";

const environment = {
  REKINDLE_ENV: "test",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
  UPSTASH_REDIS_REST_TOKEN: "token",
  E2B_API_KEY: "key",
  PROJECTS_FOLDER: "/nowhere",
  INNGEST_DEV: "http://127.0.0.1:9",
};

test("a whole environment gives an app with functions to serve", () => {
  const app = buildApp(environment);
  expect(app.rekindle.functions.length).toBeGreaterThan(0);
  expect(app.projectsFolder).toBe("/nowhere");
});

test("production mode is refused, however whole the environment is", () => {
  expect(() => buildApp({ ...environment, NODE_ENV: "production" })).toThrow(AccessControlMissingError);
});

test("there are local tools only where the environment names their address", () => {
  expect(buildApp(environment)).not.toHaveProperty("localTools");
  const LOCAL_CLOUD_CONTROL_URL = "http://127.0.0.1:9";
  expect(buildApp({ ...environment, LOCAL_CLOUD_CONTROL_URL })).toHaveProperty("localTools");
});

test("E2B's webhook is heard only where the environment has its secret", async () => {
  const statusOf = async (source: Record<string, string>): Promise<number> => {
    const { sandboxEvents } = buildApp(source).rekindle.handlers(async () => "somebody");
    return (await sandboxEvents(new Request("http://localhost/", { method: "POST", body: "{}" }))).status;
  };

  expect(await statusOf(environment)).toBe(404);
  expect(await statusOf({ ...environment, E2B_WEBHOOK_SECRET: "a-secret-of-a-webhook" })).toBe(401);
});

test("everything that is missing is named at once", () => {
  expect(() => buildApp({})).toThrow(/REKINDLE_ENV.*UPSTASH_REDIS_REST_URL.*E2B_API_KEY.*PROJECTS_FOLDER/);
});

test("a route of an app that cannot be built answers with that, as JSON", async () => {
  const context = { params: Promise.resolve({ projectId: "counter" }) };
  const response = await previewRoute("status")(new Request("http://localhost/"), context);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: "configuration" } });
});
