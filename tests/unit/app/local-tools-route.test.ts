/** The route of the local tools: who is refused before anything happens, and that without tools there is no route. */
import { expect, test } from "vitest";
import { authorize } from "@/app/authorize";
import { type LocalToolName, localToolNames } from "@/app/local-tool-names";
import type { LocalTools } from "@/app/local-tools";
import { answerLocalTool } from "@/app/local-tools-route";
import { buildApp } from "@/app/rekindle";
import { SandboxGoneError } from "@/lib/errors";
import { silentLog } from "@/lib/log";

function route({ fail, isThere = true }: { fail?: Error; isThere?: boolean } = {}) {
  const used: unknown[] = [];
  const tools: LocalTools = {
    async use(tool, whose) {
      used.push([tool, whose]);
      if (fail) throw fail;
    },
  };
  const ask = (request: Request) =>
    answerLocalTool({ tools: isThere ? tools : undefined, authorize, log: silentLog }, request, "counter");
  return { ask, used };
}

const post = (headers: Record<string, string> = {}, body = '{"tool":"kill"}') =>
  new Request("http://localhost:3000/api/local-tools/counter", {
    method: "POST",
    headers: { host: "localhost:3000", "content-type": "application/json", ...headers },
    body,
  });

test.each(localToolNames)(
  "%s is used once, for the user whom authorize named",
  async (tool: LocalToolName) => {
    const { ask, used } = route();
    const answer = await ask(post({}, JSON.stringify({ tool, userId: "somebody-else" })));
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(used).toEqual([[tool, { projectId: "counter", userId: "local" }]]);
  },
);

test("where there are no tools it is not found, whatever is asked", async () => {
  const { ask } = route({ isThere: false });
  for (const request of [post(), post({}, "nonsense"), post({ host: "rebound.example" })]) {
    expect((await ask(request)).status).toBe(404);
  }
});

test.each([
  ["nobody's host", 404, post({ host: "rebound.example:3000" })],
  ["another site's origin", 400, post({ origin: "http://evil.example" })],
  ["another site, as the browser says", 400, post({ "sec-fetch-site": "cross-site" })],
  ["a preview's own page", 400, post({ origin: "http://3000-iabc.e2b.localhost:4567" })],
  ["a form", 400, post({ "content-type": "text/plain" })],
  ["what is no JSON", 400, post({}, "tool=kill")],
  ["an unknown tool", 400, post({}, '{"tool":"explode"}')],
  ["no tool", 400, post({}, "{}")],
])("%s is refused, and nothing happens", async (_who, status, request) => {
  const { ask, used } = route();
  expect((await ask(request)).status).toBe(status);
  expect(used).toEqual([]);
});

test("what goes wrong is told in the words of the catalogue", async () => {
  const answer = await route({ fail: new SandboxGoneError("iabc") }).ask(post());
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({
    error: { code: "sandbox-gone", message: expect.stringContaining("rebuilt") },
  });
});

test("an app has local tools only where its environment names their address", () => {
  const environment = {
    REKINDLE_ENV: "test",
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
    UPSTASH_REDIS_REST_TOKEN: "token",
    E2B_API_KEY: "key",
    PROJECTS_FOLDER: "/nowhere",
    INNGEST_DEV: "http://127.0.0.1:9",
  };
  expect(buildApp(environment)).not.toHaveProperty("localTools");
  const LOCAL_CLOUD_CONTROL_URL = "http://127.0.0.1:9";
  expect(buildApp({ ...environment, LOCAL_CLOUD_CONTROL_URL })).toHaveProperty("localTools");
});
