/**
 * The main job as a person sees it: the launcher of `npm run dev`, the real pages in a real Chromium, and a preview
 * that is left and comes back with the same process. Only the policy's times are scaled. (That a hidden tab opens
 * nothing is shown in tests/unit/react: a headless Chromium calls every page visible, observed 2026-11-23.)
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { z } from "zod";
import type { PolicyOverrides } from "@/lib/preview/policy";
import { type PaneView, parsePaneView } from "@/lib/react/pane-view";
import { findBackends } from "../support/backends";
import { type LaunchedApp, launchApp } from "./launched-app";
import { type Project, packageJson, workingProject } from "./projects";

const { chromium: executablePath } = await findBackends();

const policy: PolicyOverrides = {
  idleAfterMs: 20_000,
  warnBeforeMs: 10_000,
  graceAfterLeftMs: 2_000,
  beatEveryMs: 1_000,
  viewerGoneAfterMs: 20_000,
  emitEveryMs: 4_000,
  extendGatherMs: 1_000,
  extendAtLatestMs: 3_000,
  keepAliveMs: 60_000,
};

/** Pages compile, a package manager installs, and two cores are shared: patience, which nothing here measures. */
const PATIENCE = { timeout: 150_000, interval: 100 };
const TEST_MS = 400_000;

describe.skipIf(executablePath === undefined)("in a browser", { timeout: TEST_MS }, () => {
  let projectsFolder: string;
  let app: LaunchedApp;
  let browser: Browser;

  beforeAll(async () => {
    projectsFolder = await mkdtemp(join(tmpdir(), "rekindle-projects-"));
    await cp("lib/local/samples/projects/counter", join(projectsFolder, "counter"), { recursive: true });
    app = await launchApp({ PROJECTS_FOLDER: projectsFolder, REKINDLE_POLICY: JSON.stringify(policy) });
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: chromiumArguments });
  }, TEST_MS);

  // What the page could not show is told in the launcher's terminal.
  beforeEach(() => onTestFailed(() => void process.stderr.write(app.output())));

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await rm(projectsFolder, { recursive: true, force: true });
  }, TEST_MS);

  test("a preview that is left rests, and comes back as the same process, which stood still", async () => {
    const page = await openPage(browser);
    const faults: Error[] = [];
    page.on("pageerror", (error) => faults.push(error));

    await page.goto(app.url);
    await page.getByRole("link", { name: "counter" }).click();
    await shownTicksGrow(page);
    const before = await lookAtCounter(page);

    await page.goto("about:blank");
    const { sandboxId, reason } = await untilState(app, "counter", "paused");
    const seenPausedAt = Date.now();
    expect((await page.goto(before.url))?.status()).toBe(502);
    expect(reason.code).toBe("left");
    // Long enough that a counter which went on meanwhile would be found out below.
    await expect.poll(() => Date.now() - seenPausedAt, PATIENCE).toBeGreaterThan(LONG_REST_MS);

    const returnedAt = Date.now();
    await page.goto(`${app.url}/p/counter`);
    await shownTicksGrow(page);
    const after = await lookAtCounter(page);

    expect(after.shown).toEqual(before.shown);
    const view = await viewOf(app, "counter");
    expect(view).toMatchObject({ state: "running", sandboxId, cameBack: { how: "resumed" } });
    // It ran until it was seen at rest at the latest, and not again before somebody asked for it.
    const ranAtMostMs = seenPausedAt - before.askedAt + (after.answeredAt - returnedAt);
    const ticked = after.ticks - before.ticks;
    expect(ticked).toBeGreaterThan(0);
    expect(ticked).toBeLessThanOrEqual(ranAtMostMs / TICK_MS + 2);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  test("who only looks is warned before it rests and stays by one click, and the history says why it runs", async () => {
    const page = await openPage(browser);
    await page.goto(`${app.url}/p/counter`);
    await shownTicksGrow(page);

    // Nobody touches the page from here on, so its end comes near.
    const stay = page.getByRole("button", { name: "Stay" });
    await stay.waitFor({ timeout: PATIENCE.timeout });
    const warned = await viewOf(app, "counter");
    expect(warned).toMatchObject({ state: "running", warning: { kind: "idle", canExtend: true } });
    const spoken = page.locator("[aria-live]", { hasText: warned.warning?.title ?? "no title" });
    expect(await spoken.textContent()).toContain("memory, processes and files are kept");
    // Without a pointer on its way to it, which is a sign of life by itself and would move the end before the click.
    await stay.dispatchEvent("click");
    await stay.waitFor({ state: "detached", timeout: PATIENCE.timeout });
    const stayed = await viewOf(app, "counter");
    expect(stayed).toMatchObject({ state: "running", sandboxId: warned.sandboxId });
    expect(stayed.restsAt).toBeGreaterThan(warned.restsAt ?? 0);

    // By keyboard, as any part of the pane can be used.
    await page.locator("summary", { hasText: "History" }).press("Enter");
    const history = page.getByRole("region", { name: "History" });
    await history.getByText(/^Running for .+, since a person opened it\.$/).waitFor();
    expect(await history.getByRole("listitem").first().textContent()).toContain("By a person");
    await page.context().close();
  });

  test("a project that does not start says why, and runs once it is mended and tried again", async () => {
    await writeProject(join(projectsFolder, "unset"), {
      "package.json": packageJson({ dev: "node server.mjs" }),
      "server.mjs": `console.log("reading settings"); throw new Error("DATABASE_URL is not set");`,
    });
    const page = await openPage(browser);

    await page.goto(`${app.url}/p/unset`);
    const tryAgain = page.getByRole("button", { name: "Try again" });
    await tryAgain.waitFor({ timeout: PATIENCE.timeout });

    const { reason } = await viewOf(app, "unset");
    expect(reason.code).toBe("server-exited");
    expect(await page.getByRole("heading", { level: 2 }).textContent()).toBe(reason.title);
    const log = await page.getByRole("region", { name: "Log" }).textContent();
    expect(log).toContain("reading settings");
    expect(log).toContain("DATABASE_URL is not set");
    expect(await page.locator("iframe").count()).toBe(0);

    await writeProject(join(projectsFolder, "unset"), workingProject("it is set now"));
    await tryAgain.click();
    await expect.poll(() => frameText(page), PATIENCE).toContain("it is set now");
    await page.context().close();
  });
});

const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-quic",
  "--no-first-run",
  "--disable-component-update",
  "--disable-sync",
];

/** In a context of its own, which has nothing of another test's. */
async function openPage(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  // The first look at a page waits for its compilation.
  page.setDefaultTimeout(PATIENCE.timeout);
  return page;
}

const TICK_MS = 100;
const LONG_REST_MS = 5_000;

interface CounterLook {
  /** Where the frame's document is. */
  readonly url: string;
  /** What a person reads in the frame: which process it is. */
  readonly shown: { readonly pid: string; readonly nonce: string };
  readonly ticks: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

const counterFrame = (page: Page) => page.frameLocator('iframe[title="Preview of counter"]');

async function shownTicksGrow(page: Page): Promise<void> {
  const shownTicks = async () =>
    Number(await counterFrame(page).locator('#ticks[data-live="true"]').textContent());
  const first = await shownTicks();
  await expect.poll(shownTicks, PATIENCE).toBeGreaterThan(first);
}

/** Asks the counter from within the frame, as its own page does. */
async function lookAtCounter(page: Page): Promise<CounterLook> {
  const body = counterFrame(page).locator("body");
  const askedAt = Date.now();
  const { url, state } = await body.evaluate(async () => ({
    url: location.href,
    state: await (await fetch("/state")).json(),
  }));
  const answeredAt = Date.now();
  const pid = (await counterFrame(page).locator("#pid").textContent()) ?? "";
  const nonce = (await counterFrame(page).locator("#nonce").textContent()) ?? "";
  const { ticks, ...process } = counterStateSchema.parse(state);
  expect({ pid, nonce }).toEqual({ pid: String(process.pid), nonce: process.bootNonce });
  return { url, shown: { pid, nonce }, ticks, askedAt, answeredAt };
}

const counterStateSchema = z.object({ pid: z.number(), bootNonce: z.string(), ticks: z.number() });

async function viewOf(app: LaunchedApp, projectId: string): Promise<PaneView> {
  const response = await fetch(`${app.url}/api/previews/${projectId}`);
  const view = parsePaneView(await response.json());
  if (!view) throw new Error(`GET /api/previews/${projectId} answered ${response.status} without a view`);
  return view;
}

/** Looking changes nothing, so this may ask often. */
async function untilState(app: LaunchedApp, projectId: string, state: PaneView["state"]): Promise<PaneView> {
  await expect.poll(async () => (await viewOf(app, projectId)).state, PATIENCE).toBe(state);
  return viewOf(app, projectId);
}

/** Says what the frame's document says; empty while there is none. */
async function frameText(page: Page): Promise<string> {
  const frame = page.frames().find((candidate) => candidate !== page.mainFrame());
  // A frame that is being replaced has no body for a moment; the next look finds it.
  return (await frame?.evaluate(() => document.body?.innerText ?? "").catch(() => "")) ?? "";
}

/** Writes over what is there, as a person who edits. */
async function writeProject(folder: string, project: Project): Promise<void> {
  for (const [path, content] of Object.entries(project)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
