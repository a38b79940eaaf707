/** The files of a preview through the real E2B SDK, before the stand-in with real processes. */
import { expect, test } from "vitest";
import { prepareProject } from "@/lib/boot/prepare";
import { checkIntegrity, seal } from "@/lib/workspace/integrity";
import { defaultLimits } from "@/lib/workspace/limits";
import { saveChanges } from "@/lib/workspace/save";
import { scanApp } from "@/lib/workspace/scan";
import { applyRevision } from "@/lib/workspace/sync";
import { packageJson, product, site, type Texts } from "../../support/product";
import { labels, standIn, still } from "./adapter-on-stand-in";

const awkwardNames = [
  "with space.txt",
  "quo'te\".txt",
  "line\nbreak.txt",
  "per%cent %22.txt",
  "-rf",
  "$(id) `id` *?[a].txt",
  "naïve 日本 🎈.txt",
  "app/[id]/page.tsx",
];

test("files of awkward names are brought, found with their hashes, and read back byte for byte", async () => {
  const named = Object.fromEntries(awkwardNames.map((name, index) => [name, `content ${index}`]));
  const { sandboxes, sandboxId } = await brought(named);

  const scan = await scanApp(sandboxes, defaultLimits, { sandboxId, deadlineMs: 20_000, withSeal: false });
  const read = await sandboxes.readFiles(
    sandboxId,
    awkwardNames.map((name) => `app/${name}`),
  );

  expect([...scan.files.keys()].sort()).toEqual([...awkwardNames, "package.json"].sort());
  expect(new Map([...scan.files].map(([path, { sha256 }]) => [path, sha256]))).toEqual(scan.base?.files);
  expect(
    read.map(({ path, content }) => [path.slice("app/".length), new TextDecoder().decode(content)]),
  ).toEqual(Object.entries(named));
});

test("reading answers bytes as they are, in order, and leaves out what is not there or no file", async () => {
  const { sandboxes } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
  await sandboxes.writeFiles(sandboxId, [
    { path: "app/b.bin", content: bytes },
    { path: "app/empty", content: new Uint8Array() },
  ]);

  const read = await sandboxes.readFiles(sandboxId, [
    "app/empty",
    "app/none",
    "app",
    "app/b.bin",
    "no/such/a",
  ]);

  expect(read.map(({ path }) => path)).toEqual(["app/empty", "app/b.bin"]);
  expect(read[0]?.content).toHaveLength(0);
  expect(Buffer.from(read[1]?.content ?? []).equals(bytes)).toBe(true);
});

test("reading in a paused sandbox is refused by who knew it running, and does not wake it", async () => {
  const { sandboxes, sandboxId, adapter } = await brought({});
  await adapter().pause(sandboxId);

  await expect(sandboxes.readFiles(sandboxId, ["app/package.json"])).rejects.toMatchObject({
    code: "provider-busy",
  });
  expect((await sandboxes.observe(sandboxId)).kind).toBe("paused");
});

test("sealed, paused and resumed, with a process that writes on all the while: intact", async () => {
  const { sandboxes, sandboxId } = await brought({ "a.txt": "a", "src/b.txt": "b" });
  const writer = 'while true; do date +%N > "$HOME/app/a.txt"; sleep 0.02; done';
  await sandboxes.startInBackground(sandboxId, writer, still);
  const written = async () => (await sandboxes.run(sandboxId, "cat app/a.txt", still)).stdout;
  await expect.poll(written).not.toBe("a");

  const sealed = await seal({ sandboxes }, { sandboxId, generation: "g1", deadlineMs: 20_000 });
  await sandboxes.pause(sandboxId);
  await sandboxes.connect(sandboxId, 60_000);

  const check = { sandboxId, expected: { kind: "sealed", ...sealed }, deadlineMs: 20_000 } as const;
  expect(await checkIntegrity({ sandboxes }, check)).toEqual({ kind: "intact", files: 3 });
});

test("files that the pause lost or set back are found after it", async () => {
  const { sandboxes, sandboxId, local } = await brought({ "a.txt": "a", "src/b.txt": "b" });
  const sealed = await seal({ sandboxes }, { sandboxId, generation: "g1", deadlineMs: 20_000 });
  const check = { sandboxId, expected: { kind: "sealed", ...sealed }, deadlineMs: 20_000 } as const;

  await sandboxes.pause(sandboxId);
  await local.cloud.loseFiles(sandboxId, ["/home/user/app/src"]);
  await sandboxes.connect(sandboxId, 60_000);
  const lost = await checkIntegrity({ sandboxes }, check);
  const setBack =
    'mkdir app/src; printf b > app/src/b.txt; echo older > app/a.txt; touch -d "1 hour ago" app/a.txt';
  await sandboxes.run(sandboxId, setBack, still);
  const changed = await checkIntegrity({ sandboxes }, check);
  await local.cloud.loseFiles(sandboxId, ["/home/user/.rekindle"]);
  const emptied = await checkIntegrity({ sandboxes }, check);

  expect(lost).toMatchObject({ kind: "broken", what: "missing-file", missing: 1, changed: 0 });
  expect(changed).toMatchObject({ kind: "broken", what: "changed-file", missing: 0, changed: 1 });
  expect(emptied).toMatchObject({ kind: "broken", what: "generation" });
});

test("a reboot keeps the files, drops the processes, and what was sealed is intact", async () => {
  const { sandboxes, sandboxId } = await brought({ "a.txt": "a" });
  await sandboxes.startInBackground(sandboxId, "exec -a the-old-server sleep 600", still);
  const processes = async () =>
    (await sandboxes.run(sandboxId, "ps -A -o args= | grep -c '[t]he-old-server'", still)).stdout.trim();
  await expect.poll(processes).toBe("1");
  const sealed = await seal({ sandboxes }, { sandboxId, generation: "g1", deadlineMs: 20_000 });

  const rebooted = await sandboxes.reboot(sandboxId, 60_000);

  expect(rebooted.sandboxId).toBe(sandboxId);
  expect(await processes()).toBe("0");
  const check = { sandboxId, expected: { kind: "sealed", ...sealed }, deadlineMs: 20_000 } as const;
  expect(await checkIntegrity({ sandboxes }, check)).toEqual({ kind: "intact", files: 2 });
});

test("what was done in the sandbox reaches the product, and what the product did the sandbox", async () => {
  const { sandboxes, sandboxId, shop, parts, target } = await brought({
    "a.txt": "a",
    "b.txt": "b",
    "c.txt": "c",
  });
  const work = 'cd app && printf A > a.txt && rm b.txt && printf new > "$NAME"';
  const done = await sandboxes.run(sandboxId, work, { ...still, variables: { NAME: "quo'te\".txt" } });
  expect(done.exitCode).toBe(0);

  expect(await saveChanges(parts, target)).toMatchObject({
    kind: "saved",
    revision: "r2",
    changed: 2,
    removed: 1,
  });
  expect(shop.files()).toEqual({
    "package.json": packageJson,
    "a.txt": "A",
    "c.txt": "c",
    "quo'te\".txt": "new",
  });

  await sandboxes.run(sandboxId, "printf mine > app/c.txt", still);
  shop.become({ "package.json": packageJson, "c.txt": "theirs", "d.txt": "d" });
  expect(await applyRevision(parts, { ...target, inEffect: "r2" })).toMatchObject({
    revision: "r3",
    changed: 2,
    removed: 2,
    overwritten: 1,
    needs: "nothing",
  });
  const seen = await sandboxes.run(
    sandboxId,
    "cd app; ls; cat c.txt ../.rekindle/overwritten/r3/c.txt",
    still,
  );
  expect(seen.stdout).toBe("c.txt\nd.txt\npackage.json\ntheirsmine");
  expect(await saveChanges(parts, target)).toEqual({ kind: "nothing-to-save", leftOut: [] });
});

async function brought(files: Texts) {
  const { local, sandboxes, adapter } = await standIn();
  const { sandboxId } = await sandboxes.create(labels, 60_000);
  const shop = product({ "package.json": packageJson, ...files });
  const target = { projectId: site, sandboxId, deadlineMs: 20_000, generation: "boot" };
  const parts = { sandboxes, source: shop.source(), beforeEachChange: async () => undefined };
  await prepareProject(parts, target);
  return { local, sandboxes, adapter, sandboxId, shop, parts, target };
}
