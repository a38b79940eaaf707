/**
 * Owns envd's `filesystem.Filesystem` service but for watching: Stat, MakeDir, Move, ListDir and Remove on a sandbox's
 * own paths (e2b.md §3.5). It must never reach outside the sandbox's folder. Fails with `RpcError`s.
 */
import { readdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { RpcError, readUnary } from "@/lib/local/e2b/envd/connect-rpc";
import { describeEntry, type EntryInfo, isMissing } from "@/lib/local/e2b/envd/entry-info";
import type { EnvdCall } from "@/lib/local/e2b/envd/envd-call";
import { makeFolders } from "@/lib/local/e2b/envd/make-folders";
import {
  isOfTheKernel,
  type SandboxPath,
  sandboxEntry,
  sandboxPath,
} from "@/lib/local/e2b/machine/sandbox-paths";
import { homeOf } from "@/lib/local/e2b/machine/sandbox-user";
import { sendJson } from "@/lib/local/e2b/wire/answers";

/** By method name; a name that is in no such table is not offered. */
export const filesystemMethods: Readonly<Record<string, (call: EnvdCall) => Promise<void>>> = {
  Stat: statEntry,
  MakeDir: makeDir,
  Move: move,
  ListDir: listDir,
  Remove: remove,
};

const pathShape = z.object({ path: z.string().default("") });
const moveShape = z.object({ source: z.string(), destination: z.string() });
const listShape = z.object({
  path: z.string().default(""),
  depth: z.int().nonnegative().default(1),
});

async function statEntry(call: EnvdCall): Promise<void> {
  const { path } = await readUnary(call.request, pathShape);
  sendJson(call.response, 200, { entry: await entryAt(call, entry(call, path)) });
}

async function makeDir(call: EnvdCall): Promise<void> {
  const { path } = await readUnary(call.request, pathShape);
  const place = target(call, path);
  call.refuseUnlessRunning();
  const existing = await describeEntry(call.root, place);
  if (existing?.type === "FILE_TYPE_DIRECTORY") {
    throw new RpcError("already_exists", `directory already exists: ${place.inside}`);
  }
  if (existing) {
    throw new RpcError("invalid_argument", `path already exists but it is not a directory: ${place.inside}`);
  }
  await makeFolders(place.outside);
  sendJson(call.response, 200, { entry: await entryAt(call, place) });
}

async function move(call: EnvdCall): Promise<void> {
  const { source, destination } = await readUnary(call.request, moveShape);
  const from = entry(call, source);
  const to = entry(call, destination);
  call.refuseUnlessRunning();
  await entryAt(call, from);
  await makeFolders(dirname(to.outside));
  await rename(from.outside, to.outside);
  sendJson(call.response, 200, { entry: await entryAt(call, to) });
}

async function listDir(call: EnvdCall): Promise<void> {
  const { path, depth } = await readUnary(call.request, listShape);
  const place = target(call, path);
  const found = await stat(place.outside).catch((error: unknown) => {
    if (isMissing(error)) throw new RpcError("not_found", `path not found: ${place.inside}`);
    throw error;
  });
  if (!found.isDirectory()) {
    throw new RpcError("invalid_argument", `path is not a directory: ${place.inside}`);
  }
  // proto3 leaves out a zero, and envd takes it for one.
  sendJson(call.response, 200, { entries: await listBelow(call, place, Math.max(1, depth)) });
}

async function remove(call: EnvdCall): Promise<void> {
  const { path } = await readUnary(call.request, pathShape);
  const place = entry(call, path);
  if (place.inside === "/") throw new RpcError("invalid_argument", "The sandbox's root cannot be removed");
  call.refuseUnlessRunning();
  // Removing what is not there succeeds, as with envd.
  await rm(place.outside, { recursive: true, force: true });
  sendJson(call.response, 200, {});
}

async function listBelow(call: EnvdCall, folder: SandboxPath, depth: number): Promise<EntryInfo[]> {
  const names = (await readdir(folder.outside, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const entries: EntryInfo[] = [];
  for (const found of names) {
    const place = {
      inside: `${folder.inside === "/" ? "" : folder.inside}/${found.name}`,
      outside: `${folder.outside}/${found.name}`,
    };
    const described = await describeEntry(call.root, place);
    // It may have gone since the listing.
    if (described) entries.push(described);
    const isDescended = found.isDirectory() && depth > 1 && !isOfTheKernel(place.inside);
    if (isDescended) entries.push(...(await listBelow(call, place, depth - 1)));
  }
  return entries;
}

/** What the path leads to. */
function target(call: EnvdCall, path: string): SandboxPath {
  return sandboxPath(call.root, path, homeOf(call.user));
}

/** What is at the path, also when it is a link. */
function entry(call: EnvdCall, path: string): SandboxPath {
  return sandboxEntry(call.root, path, homeOf(call.user));
}

async function entryAt(call: EnvdCall, place: SandboxPath): Promise<EntryInfo> {
  const described = await describeEntry(call.root, place);
  if (!described) throw new RpcError("not_found", "file not found");
  return described;
}
