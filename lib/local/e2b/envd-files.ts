/**
 * Owns envd's `/files`: reading a file, and writing one or several, as multipart or as a plain body (e2b.md §3.4). A
 * file is written in place, because a dev server's watcher and its open handles follow the file, not the name. It
 * must never reach outside the sandbox's folder. Fails with `ApiError`s; signed URLs, compressed bodies and file
 * metadata are not offered.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, posix } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { sendJson } from "@/lib/local/e2b/answers";
import { ApiError, notOffered } from "@/lib/local/e2b/api-error";
import { isMissing } from "@/lib/local/e2b/entry-info";
import type { EnvdCall } from "@/lib/local/e2b/envd-call";
import { type SandboxPath, sandboxPath } from "@/lib/local/e2b/sandbox-paths";

interface WrittenFile {
  readonly name: string;
  readonly type: "file";
  readonly path: string;
}

export async function serveFiles(call: EnvdCall): Promise<void> {
  if (call.url.searchParams.has("signature")) throw notOffered("signed URLs");
  if (call.request.method === "GET") return readFile(call);
  if (call.request.method === "POST") return writeFiles(call);
  throw notOffered(`${call.request.method} /files`);
}

async function readFile(call: EnvdCall): Promise<void> {
  const asked = call.url.searchParams.get("path") ?? "";
  const place = sandboxPath(call.machine.root, asked);
  const found = await stat(place.outside).catch((error: unknown) => {
    if (isMissing(error)) throw new ApiError(404, `path '${asked}' does not exist`);
    throw error;
  });
  if (!found.isFile()) throw new ApiError(400, `path '${asked}' is not a file`);
  call.response.writeHead(200, {
    "content-type": "application/octet-stream",
    // The SDK tells an empty file by this header.
    "content-length": found.size,
  });
  if (found.size === 0) {
    call.response.end();
    return;
  }
  // No further than announced: a log may grow while it is read.
  await pipeline(createReadStream(place.outside, { end: found.size - 1 }), call.response);
}

async function writeFiles(call: EnvdCall): Promise<void> {
  const { headers } = call.request;
  if (headers["content-encoding"] !== undefined) throw notOffered("compressed uploads");
  if (Object.keys(headers).some((name) => name.startsWith("x-metadata-"))) {
    throw notOffered("metadata of files");
  }
  const type = headers["content-type"];
  const path = call.url.searchParams.get("path") ?? undefined;
  if (type?.startsWith("multipart/form-data")) {
    const written = await writeParts(call, { ...headers, "content-type": type }, path);
    sendJson(call.response, 200, written);
    return;
  }
  if (!type?.startsWith("application/octet-stream") || path === undefined) {
    throw new ApiError(
      400,
      "A file is sent as multipart/form-data, or as application/octet-stream with a path",
    );
  }
  sendJson(call.response, 200, [await writeOne(call, path, call.request)]);
}

/** Parts named `file`; the file name is the path unless the query names one. */
async function writeParts(
  call: EnvdCall,
  headers: BusboyHeaders,
  pathOfQuery: string | undefined,
): Promise<WrittenFile[]> {
  const writes: Promise<WrittenFile>[] = [];
  const parser = new Busboy({ headers, preservePath: true });
  parser.on("file", (field, content, fileName) => {
    if (field !== "file") {
      content.resume();
      return;
    }
    const write = writeOne(call, pathOfQuery ?? fileName, content);
    // A refused part is read to its end, or the parser would wait for it; the refusal is thrown below.
    write.catch(() => content.resume());
    writes.push(write);
  });
  await pipeline(call.request, parser);
  if (writes.length === 0) throw new ApiError(400, "The form holds no part named 'file'");
  return Promise.all(writes);
}

async function writeOne(call: EnvdCall, path: string, content: Readable): Promise<WrittenFile> {
  const place = sandboxPath(call.machine.root, path);
  call.refuseUnlessRunning();
  await refuseFolder(place, path);
  await mkdir(dirname(place.outside), { recursive: true });
  await pipeline(content, createWriteStream(place.outside));
  return { name: posix.basename(place.inside), type: "file", path: place.inside };
}

async function refuseFolder(place: SandboxPath, asked: string): Promise<void> {
  const found = await stat(place.outside).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found?.isDirectory()) throw new ApiError(400, `path is a directory: ${asked}`);
}
