/**
 * Owns envd's `/files`: who may use it and in whose name, and reading a file (e2b.md §3.4; INFRA envd api/download.go).
 * Writing is `file-upload.ts`'s. It must never reach outside the sandbox's folder. Contents are sent as plain bytes of
 * no kind: a page from a sandbox must not run as a page of this port, as it could on E2B's own host for each sandbox.
 * Fails with `ApiError`s. Ranges and conditions are not looked at: the whole file is always a right answer.
 */
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import { chooseCoding } from "@/lib/local/e2b/envd/content-coding";
import { isMissing } from "@/lib/local/e2b/envd/entry-info";
import type { EnvdCall } from "@/lib/local/e2b/envd/envd-call";
import { writeFiles } from "@/lib/local/e2b/envd/file-upload";
import { notRegular, openRegularFile } from "@/lib/local/e2b/envd/regular-file";
import { refuseUnsigned } from "@/lib/local/e2b/envd/signed-urls";
import { sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";
import { findUser, homeOf } from "@/lib/local/e2b/machine/sandbox-user";
import { ApiError, notOffered } from "@/lib/local/e2b/semantics/api-error";

export async function serveFiles(call: EnvdCall): Promise<void> {
  const { method } = call.request;
  if (method !== "GET" && method !== "POST") throw notOffered(`${method} /files`);
  refuseUnsigned(call, call.envdToken, call.clock.now());
  const home = homeOfNamedUser(call);
  if (method === "GET") return readFile(call, home);
  return writeFiles(call, home);
}

/** Here the user is a parameter, and who the call is made as counts for nothing (e2b.md §3.4). */
function homeOfNamedUser({ url }: EnvdCall): string {
  const name = url.searchParams.get("username") ?? "user";
  const user = findUser(name);
  if (!user) throw new ApiError(401, `error looking up user '${name}': user: unknown user ${name}`);
  return homeOf(user);
}

async function readFile(call: EnvdCall, home: string): Promise<void> {
  const place = sandboxPath(call.root, call.url.searchParams.get("path") ?? "", home);
  const found = await stat(place.outside).catch((error: unknown) => {
    if (isMissing(error)) throw new ApiError(404, `path '${place.inside}' does not exist`);
    throw error;
  });
  if (found.isDirectory()) throw new ApiError(400, `path '${place.inside}' is a directory`);
  if (!found.isFile()) throw notRegular(place);
  const coding = chooseCoding(call.request.headers["accept-encoding"]);
  const headers = {
    "content-type": "application/octet-stream",
    "content-disposition": `inline; filename*=UTF-8''${encodeURIComponent(posix.basename(place.inside))}`,
    "x-content-type-options": "nosniff",
    vary: "Accept-Encoding",
  };
  const file = await openRegularFile(place, "read");
  // No further than it was: a log may grow while it is read.
  const content = file.createReadStream({ end: Math.max(0, found.size - 1) });
  if (coding === "gzip") {
    call.response.writeHead(200, { ...headers, "content-encoding": "gzip" });
    // On this machine bytes are cheaper than the processor.
    await pipeline(content, createGzip({ level: constants.Z_BEST_SPEED }), call.response);
    return;
  }
  // The SDK tells an empty file by the length.
  call.response.writeHead(200, { ...headers, "content-length": found.size });
  await pipeline(content, call.response);
}
