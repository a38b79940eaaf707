/**
 * Owns writing files through envd's `/files`: one or several, as multipart or as a plain body, compressed or not, with
 * metadata (e2b.md §3.4; INFRA envd api/upload.go). A file is written in place, because a dev server's watcher and its
 * open handles follow the file, not the name. It must never write outside the sandbox's folder. Fails with
 * `ApiError`s; what was written before a failure stays written, as with envd.
 */
import { stat } from "node:fs/promises";
import { dirname, posix } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import { decodedBody } from "@/lib/local/e2b/envd/content-coding";
import { isMissing } from "@/lib/local/e2b/envd/entry-info";
import type { EnvdCall } from "@/lib/local/e2b/envd/envd-call";
import {
  type Metadata,
  metadataOf,
  readMetadataHeaders,
  replaceMetadata,
} from "@/lib/local/e2b/envd/file-metadata";
import { makeFolders } from "@/lib/local/e2b/envd/make-folders";
import { notRegular, openRegularFile } from "@/lib/local/e2b/envd/regular-file";
import { type SandboxPath, sandboxPath } from "@/lib/local/e2b/machine/sandbox-paths";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";
import { sendJson } from "@/lib/local/e2b/wire/answers";

interface WrittenFile {
  readonly name: string;
  readonly type: "file";
  readonly path: string;
  readonly metadata?: Metadata;
}

/** All files of one request: the same home for relative paths, the same metadata. */
interface Upload {
  readonly call: EnvdCall;
  readonly home: string;
  readonly metadata: Metadata;
  /** From the query: then it is the path of every file. */
  readonly path: string | undefined;
}

export async function writeFiles(call: EnvdCall, home: string): Promise<void> {
  const { headers } = call.request;
  const metadata = readMetadataHeaders(headers);
  const upload = { call, home, metadata, path: call.url.searchParams.get("path") ?? undefined };
  const type = headers["content-type"] ?? "";
  const body = decodedBody(call.request);
  if (type.startsWith("multipart/")) {
    sendJson(call.response, 200, await writeParts(upload, type, body));
  } else if (type.split(";")[0]?.trim() === "application/octet-stream") {
    if (upload.path === undefined) {
      throw new ApiError(400, "path query parameter is required for raw body upload");
    }
    sendJson(call.response, 200, [await writeOne(upload, upload.path, body)]);
  } else {
    const expected = "expected multipart/form-data or application/octet-stream";
    throw new ApiError(400, `unsupported content type: ${type}, ${expected}`);
  }
}

/** Parts named `file`; the file name is the path unless the query names one. */
async function writeParts(upload: Upload, type: string, body: Readable): Promise<WrittenFile[]> {
  const writes: Promise<WrittenFile>[] = [];
  const paths = new Set<string>();
  const parser = new Busboy({
    headers: { "content-type": type },
    preservePath: true,
    // A form may send a text without a file name; with a path in the query it is a file all the same.
    isPartAFile: (field) => field === "file",
  });
  parser.on("file", (field, content, fileName) => {
    if (field !== "file") {
      content.resume();
      return;
    }
    const write = writePart(upload, paths, fileName, content);
    // A refused part is read to its end, or the parser would wait for it; the refusal is thrown below.
    write.catch(() => content.resume());
    writes.push(write);
  });
  await pipeline(body, parser).catch((error: unknown) => {
    throw new ApiError(400, `error reading form: ${messageOf(error)}`);
  });
  // A refusal must not be answered while another file is still being written.
  await Promise.allSettled(writes);
  return Promise.all(writes);
}

async function writePart(
  upload: Upload,
  paths: Set<string>,
  fileName: string | undefined,
  content: Readable,
): Promise<WrittenFile> {
  const path = upload.path ?? fileName;
  if (path === undefined) throw new ApiError(400, "filename not found in Content-Disposition header");
  const { inside } = sandboxPath(upload.call.root, path, upload.home);
  if (paths.has(inside)) {
    throw new ApiError(
      400,
      `you cannot upload multiple files to the same path '${inside}' in one upload request, only the first specified file was uploaded`,
    );
  }
  paths.add(inside);
  return writeOne(upload, path, content);
}

async function writeOne(
  { call, home, metadata }: Upload,
  path: string,
  body: Readable,
): Promise<WrittenFile> {
  const place = sandboxPath(call.root, path, home);
  call.refuseUnlessRunning();
  await refuseWhatIsNoFile(place);
  await makeFolders(dirname(place.outside));
  const file = await openRegularFile(place, "write");
  await pipeline(body, file.createWriteStream()).catch((error: unknown) => {
    if (isBadGzip(error)) throw new ApiError(400, `error decompressing request body: ${messageOf(error)}`);
    throw error;
  });
  await replaceMetadata(place.outside, metadata);
  // What was kept, not what was asked for.
  const kept = await metadataOf(place.outside);
  const written = { name: posix.basename(place.inside), type: "file", path: place.inside } as const;
  return kept ? { ...written, metadata: kept } : written;
}

async function refuseWhatIsNoFile(place: SandboxPath): Promise<void> {
  const { inside, outside } = place;
  const found = await stat(outside).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (found?.isDirectory()) throw new ApiError(400, `path is a directory: ${inside}`);
  if (found && !found.isFile()) throw notRegular(place);
}

function isBadGzip(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
