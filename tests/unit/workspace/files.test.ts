/** What the core makes of a product's files port. */
import { expect, test } from "vitest";
import { FilesUnavailableError, StaleBaseError, UnknownProjectError } from "@/lib/errors";
import { projectIdSchema } from "@/lib/ids";
import { VirtualClock } from "@/lib/local/virtual-clock";
import {
  currentRevision,
  type FilesSource,
  loadChanges,
  loadProject,
  type ProjectFiles,
  saveProject,
} from "@/lib/workspace/files";

const site = projectIdSchema.parse("site");

test("the newest files are handed on as the port gave them", async () => {
  const files = [
    { path: "package.json", content: "{}" },
    { path: "app/[id]/page..tsx", content: new Uint8Array([1]) },
    { path: ".env", content: "" },
  ];
  expect(await loadProject(portWith(files), site)).toEqual({ revision: "r1", files });
  expect(await currentRevision(portWith(files), site)).toBe("r1");
});

test.each([
  ["leads up", "../outside.txt"],
  ["leads up from within", "app/../../outside.txt"],
  ["ends in a step up", "app/.."],
  ["is absolute", "/etc/passwd"],
  ["is empty", ""],
  ["has an empty part", "app//page.tsx"],
  ["names a folder", "app/"],
  ["steps on the spot", "./page.tsx"],
  ["has a backslash, which is a separator elsewhere", "app\\..\\..\\outside.txt"],
  ["has a null byte, at which others stop reading", "page.tsx\0.png"],
])("a project with a path that %s is not loaded", async (_name, path) => {
  const port = portWith([
    { path: "package.json", content: "{}" },
    { path, content: "x" },
  ]);
  await expect(loadProject(port, site)).rejects.toThrow(FilesUnavailableError);
});

test.each<[string, () => Promise<never>]>([
  ["rejects", () => Promise.reject(new Error("the database is down"))],
  [
    "throws before it promises anything",
    () => {
      throw new Error("the database is down");
    },
  ],
  ["rejects with what is no error", () => Promise.reject("down")],
])("a port that %s becomes an error that may be tried again, with its cause", async (_name, fail) => {
  const port = sourceOf({ load: fail, revision: fail });
  for (const asking of [loadProject(port, site), currentRevision(port, site)]) {
    const error: unknown = await asking.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FilesUnavailableError);
    expect(error).toMatchObject({ code: "files-unavailable", retriable: true });
    expect(error).toHaveProperty("cause", expect.anything());
    expect(String(error)).not.toContain("down");
  }
});

test("an unknown project stays unknown, so that nobody tries again", async () => {
  const fail = () => Promise.reject(new UnknownProjectError(site));
  const port = sourceOf({ load: fail, revision: fail });
  await expect(loadProject(port, site)).rejects.toThrow(UnknownProjectError);
  await expect(currentRevision(port, site)).rejects.toThrow(UnknownProjectError);
});

test("a port that never answers is given up at the deadline", async () => {
  const clock = new VirtualClock();
  const never = () => new Promise<never>(() => undefined);
  const source = { files: { load: never, revision: never }, clock, deadlineMs: 15_000 };
  const asking = loadProject(source, site).catch((thrown: unknown) => thrown);
  await clock.advance(15_000);
  expect(await asking).toBeInstanceOf(FilesUnavailableError);
  expect(clock.pending).toBe(0);
});

test("a removed path that leads outside makes the whole answer unusable", async () => {
  const set = { revision: "r2", files: [], isPartial: true, removed: ["../outside.txt"] };
  const source = sourceOf({ revision: async () => "r2", load: async () => set });
  await expect(loadChanges(source, site, "r1")).rejects.toThrow(FilesUnavailableError);
});

test("a save hands on what the port answers, and nothing where the port takes none", async () => {
  const load = async () => ({ revision: "r1", files: [] });
  const revision = async () => "r1";
  const changes = { changed: [], removed: ["a.txt"] };
  const seen: unknown[] = [];
  const save: ProjectFiles["save"] = async (...asked) => {
    seen.push(asked);
    return "r2";
  };
  expect(await saveProject(sourceOf({ load, revision, save }), site, changes, "r1")).toBe("r2");
  expect(seen).toEqual([[site, changes, "r1"]]);
  expect(await saveProject(sourceOf({ load, revision }), site, changes, "r1")).toBeUndefined();
});

test("a refused base stays a refused base; whatever else a save throws may be tried again", async () => {
  const load = async () => ({ revision: "r1", files: [] });
  const revision = async () => "r1";
  const changes = { changed: [], removed: [] };
  for (const [thrown, expected] of [
    [new StaleBaseError(site), StaleBaseError],
    [new Error("down"), FilesUnavailableError],
  ] as const) {
    const save = () => Promise.reject(thrown);
    await expect(saveProject(sourceOf({ load, revision, save }), site, changes, "r1")).rejects.toThrow(
      expected,
    );
  }
});

const sourceOf = (files: ProjectFiles): FilesSource => ({
  files,
  clock: new VirtualClock(),
  deadlineMs: 15_000,
});

function portWith(files: Awaited<ReturnType<ProjectFiles["load"]>>["files"]): FilesSource {
  return sourceOf({ revision: async () => "r1", load: async () => ({ revision: "r1", files }) });
}
