/**
 * The embedded Inngest engine's pages in a real Chromium: their buttons work under their own content security policy, without
 * a script, and a page of another origin presses none of them. What they tell is shown in tests/contract/inngest.
 */
import { createServer } from "node:http";
import { NonRetriableError } from "inngest";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hostEngine } from "../contract/inngest/hosted-engine";
import { findBackends } from "../support/backends";

const { chromium: executablePath } = await findBackends();

/** A container's root user has no sandbox of Chromium's; no test reaches beyond this machine. */
const chromiumArguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];

const hostBroken = () =>
  hostEngine((client) => [
    client.createFunction({ id: "broken", triggers: [{ event: "go" }] }, async ({ step }) => {
      await step.run("look", () => {
        throw new NonRetriableError("no such project");
      });
    }),
  ]);

describe.skipIf(executablePath === undefined)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: chromiumArguments });
  });
  afterAll(() => browser?.close());

  async function openPage(): Promise<Page> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    return context.newPage();
  }

  test("issue 4: a newcomer sends an event, sees its run fail and why, and runs it again; nothing breaks the policy", async () => {
    const { engine, url } = await hostBroken();
    const page = await openPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));

    await page.goto(url);
    await page.getByLabel("Name").fill("go");
    await page.getByLabel("Data").fill('{"project":"p"}');
    await page.getByRole("button", { name: "Send event" }).click();
    await page.getByRole("link", { name: "started app-broken" }).click();
    await expect.poll(() => engine.history().runs[0]?.status).toBe("Failed");
    await page.reload();
    expect(await page.getByText("no such project").first().isVisible()).toBe(true);
    const firstUrl = page.url();
    await page.getByRole("button", { name: "Rerun" }).click();

    expect(page.url()).not.toBe(firstUrl);
    expect(engine.history().runs).toHaveLength(2);
    const headerColour = "getComputedStyle(document.querySelector('header')).backgroundColor";
    expect(await page.evaluate(headerColour)).not.toBe("rgba(0, 0, 0, 0)");
    expect(complaints).toEqual([]);
  });

  test("a page of another origin presses no button and sends no event, however it tries", async () => {
    const { engine, url } = await hostBroken();
    const foreign = await servePage(`<form id="f" method="post" action="${url}/actions/send" target="out">
      <input name="name" value="go"><input name="data" value="{}"><input name="key" value=""></form><iframe name="out"></iframe>`);
    const page = await openPage();
    const answers: (number | "refused by the browser")[] = [];
    const isOurs = (address: string) => address.startsWith(url);
    page.on("response", (response) => isOurs(response.url()) && answers.push(response.status()));
    page.on("requestfailed", (failed) => isOurs(failed.url()) && answers.push("refused by the browser"));

    await page.goto(foreign);
    await page.evaluate(`document.getElementById("f").submit()`);
    await page.evaluate(
      `fetch("${url}/e/key", {method: "POST", mode: "no-cors", body: '{"name":"go"}'}).catch(() => 0)`,
    );
    await page.evaluate(
      `fetch("${url}/e/key", {method: "POST", headers: {"content-type": "application/json"}, body: '{"name":"go"}'}).catch(() => 0)`,
    );
    await page.evaluate(`fetch("${url}/v1/runs/x", {method: "DELETE"}).catch(() => 0)`);

    // The form, the event without asking, and the two for which the browser asks first.
    await expect.poll(() => answers.length).toBeGreaterThanOrEqual(4);
    expect(answers).toContain(403);
    expect(answers).not.toContain(200);
    expect(answers).not.toContain(303);
    expect(engine.history().events).toEqual([]);
  });
});

/** The address of another local site that shows this markup. */
async function servePage(markup: string): Promise<string> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(markup),
  );
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The page has no port");
  return `http://127.0.0.1:${address.port}`;
}
