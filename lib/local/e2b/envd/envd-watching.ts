/**
 * Owns the watching part of envd's `filesystem.Filesystem` service: a stream of changes, and watchers whose events a
 * client fetches (e2b.md §3.5; INFRA envd filesystem/watch.go and watch_sync.go). It must never watch on when nobody
 * listens any more. Fails with `RpcError`s. `allowNetworkMounts` changes nothing: a sandbox here has none.
 */
import { stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { z } from "zod";
import { RpcError, readStreamRequest, readUnary } from "@/lib/local/e2b/envd/connect-rpc";
import { describeEntry, isMissing } from "@/lib/local/e2b/envd/entry-info";
import { type EnvdCall, timeoutOf } from "@/lib/local/e2b/envd/envd-call";
import { openStream } from "@/lib/local/e2b/envd/envd-stream";
import { type FolderEvent, FolderWatch } from "@/lib/local/e2b/envd/folder-watch";
import { FetchedWatch, type WireEvent } from "@/lib/local/e2b/envd/folder-watches";
import { type SandboxPath, sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";
import { homeOf } from "@/lib/local/e2b/machine/sandbox-user";
import { sendJson } from "@/lib/local/e2b/wire/answers";

/** By method name; a name that is in no such table is not offered. */
export const watchingMethods: Readonly<Record<string, (call: EnvdCall) => Promise<void>>> = {
  WatchDir: watchDir,
  CreateWatcher: createWatcher,
  GetWatcherEvents: getWatcherEvents,
  RemoveWatcher: removeWatcher,
};

const watchShape = z.object({
  path: z.string().default(""),
  recursive: z.boolean().default(false),
  includeEntry: z.boolean().default(false),
  allowNetworkMounts: z.boolean().default(false),
});
const watcherShape = z.object({ watcherId: z.string().default("") });

async function watchDir(call: EnvdCall): Promise<void> {
  const asked = await readStreamRequest(call.request, watchShape);
  const { place, watch } = await open(call, asked);
  const wire = openStream(call, { ping: { keepalive: {} }, deadlineMs: timeoutOf(call.request) });
  const forget = call.machine.watches.addStream((why) => wire.cut(why));
  wire.whenClosed(() => {
    forget();
    watch.close();
  });
  wire.send({ start: {} });
  watch.tell({
    onEvents: async (events) => {
      for (const event of events) {
        await wire.send({ filesystem: await describe(call, place, event, asked.includeEntry) });
      }
    },
    onError: (error) => wire.end(watcherFailed(reasonOf(error))),
  });
}

async function createWatcher(call: EnvdCall): Promise<void> {
  const asked = await readUnary(call.request, watchShape);
  const { place, watch } = await open(call, asked);
  const fetched = new FetchedWatch(watch);
  watch.tell({
    onEvents: async (events) => {
      for (const event of events) fetched.add([await describe(call, place, event, asked.includeEntry)]);
    },
    onError: (error) => fetched.fail(reasonOf(error)),
  });
  sendJson(call.response, 200, { watcherId: call.machine.watches.addFetched(fetched) });
}

async function getWatcherEvents(call: EnvdCall): Promise<void> {
  const { watcherId } = await readUnary(call.request, watcherShape);
  const taken = call.machine.watches.find(watcherId)?.take();
  if (!taken) throw noWatcher(watcherId);
  if ("failure" in taken) throw watcherFailed(taken.failure);
  sendJson(call.response, 200, { events: taken.events });
}

async function removeWatcher(call: EnvdCall): Promise<void> {
  const { watcherId } = await readUnary(call.request, watcherShape);
  if (!call.machine.watches.remove(watcherId)) throw noWatcher(watcherId);
  sendJson(call.response, 200, {});
}

async function open(
  call: EnvdCall,
  { path, recursive }: z.infer<typeof watchShape>,
): Promise<{ place: SandboxPath; watch: FolderWatch }> {
  const place = sandboxPath(call.root, path, homeOf(call.user));
  const found = await stat(place.outside).catch((error: unknown) => {
    if (isMissing(error)) throw new RpcError("not_found", `path ${place.inside} not found`);
    throw error;
  });
  if (!found.isDirectory()) throw new RpcError("invalid_argument", `path ${place.inside} not a directory`);
  const watch = await FolderWatch.open(place.outside, recursive).catch((error: unknown) => {
    throw new RpcError("internal", `error adding path ${place.inside} to watcher: ${reasonOf(error)}`);
  });
  try {
    call.refuseUnlessRunning();
  } catch (error) {
    watch.close();
    throw error;
  }
  return { place, watch };
}

/** Only what is still there is described: behind the name of what went there may be something else by now. */
async function describe(
  call: EnvdCall,
  folder: SandboxPath,
  { name, change }: FolderEvent,
  includeEntry: boolean,
): Promise<WireEvent> {
  const event: WireEvent = { name, type: `EVENT_TYPE_${change}` };
  if (!includeEntry || change === "REMOVE" || change === "RENAME") return event;
  const place = { inside: posix.join(folder.inside, name), outside: join(folder.outside, name) };
  const entry = await describeEntry(call.root, place);
  return entry ? { ...event, entry } : event;
}

/** The code at most: the text of a system's error names paths of this machine. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return "the folder cannot be watched";
}

function watcherFailed(why: string): RpcError {
  return new RpcError("internal", `watcher error: ${why}`);
}

function noWatcher(watcherId: string): RpcError {
  return new RpcError("not_found", `watcher with id ${watcherId} not found`);
}
