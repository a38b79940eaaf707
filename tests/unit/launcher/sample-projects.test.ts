/** A launch's own copies of the samples, in real folders. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ownSamples } from "@/lib/local/launcher/sample-projects";

async function stage() {
  const root = await mkdtemp(join(tmpdir(), "rekindle-samples-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const [samples, launch] = [join(root, "samples"), join(root, "launch")];
  for (const name of ["counter", "next-app"]) {
    await mkdir(join(samples, name, "public"), { recursive: true });
    await writeFile(join(samples, name, "public", "index.html"), name);
  }
  const pageOf = (name: string) => join(launch, "projects", name, "public", "index.html");
  return { launch, pageOf, samples, own: () => ownSamples(samples, launch) };
}

test("each sample is there, and nothing else is left in the launch's folder", async () => {
  const { launch, pageOf, own } = await stage();
  expect(await own()).toBe(join(launch, "projects"));
  expect(await readFile(pageOf("counter"), "utf8")).toBe("counter");
  expect(await readdir(launch)).toEqual(["projects"]);
  expect(await readdir(join(launch, "projects"))).toEqual(["counter", "next-app"]);
});

test("what was changed in a copy stays, and stays out of the samples", async () => {
  const { pageOf, own, samples } = await stage();
  await own();
  await writeFile(pageOf("counter"), "edited");
  await own();
  expect(await readFile(pageOf("counter"), "utf8")).toBe("edited");
  expect(await readFile(join(samples, "counter", "public", "index.html"), "utf8")).toBe("counter");
});

test("a copy that was removed, or that a launch left unfinished, is made anew", async () => {
  const { launch, pageOf, own } = await stage();
  await mkdir(join(launch, "unfinished-counter"), { recursive: true });
  await writeFile(join(launch, "unfinished-counter", "half"), "");
  await own();
  expect(await readdir(join(launch, "projects", "counter"))).toEqual(["public"]);
  await rm(join(launch, "projects", "counter"), { recursive: true });
  await own();
  expect(await readFile(pageOf("counter"), "utf8")).toBe("counter");
});
