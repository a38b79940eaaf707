/**
 * Owns compression of file contents on the wire: gzip or none, as envd has it (INFRA envd api/encoding.go). Fails with
 * `ApiError` 400 for a body in another coding, 406 for a client that takes neither.
 */
import type { IncomingMessage } from "node:http";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ApiError } from "@/lib/local/e2b/semantics/api-error";

export type Coding = "gzip" | "identity";

interface Wish {
  readonly name: string;
  readonly quality: number;
}

/** The first that the client likes best; `*` means none unless the client rules that out. */
export function chooseCoding(acceptEncoding: string | undefined): Coding {
  const wishes = readWishes(acceptEncoding ?? "");
  const ruledOut = (name: string) => wishes.some((wish) => wish.name === name && wish.quality === 0);
  const isPlainWished = wishes.some(({ name, quality }) => name === "identity" && quality > 0);
  const isPlainRefused = ruledOut("identity") || (ruledOut("*") && !isPlainWished);
  for (const { name, quality } of wishes) {
    if (quality === 0) continue;
    if (name === "gzip" || name === "identity") return name;
    if (name === "*") return isPlainRefused ? "gzip" : "identity";
  }
  if (isPlainRefused) throw new ApiError(406, "no acceptable encoding found, supported: gzip");
  return "identity";
}

/** The body as the client meant it. A body that is not what it says breaks off with `ApiError` 400. */
export function decodedBody(request: IncomingMessage): Readable {
  const header = request.headers["content-encoding"];
  const [{ name } = { name: "identity" }] = readWishes(header ?? "");
  if (name === "identity") return request;
  if (name !== "gzip") {
    throw new ApiError(400, `unsupported Content-Encoding: ${header}, supported: gzip`);
  }
  const plain = createGunzip();
  pipeline(request, plain, (error) => {
    // A client that went away, or what is not gzip: `plain` breaks off by it, and its reader answers.
    if (error && !plain.destroyed) plain.destroy(error);
  });
  return plain;
}

/** Best first; equals stay in the client's order. */
function readWishes(header: string): Wish[] {
  const wishes = header.split(",").flatMap((part): Wish[] => {
    const [name = "", ...settings] = part.split(";").map((text) => text.trim().toLowerCase());
    if (name === "") return [];
    const quality = Number(settings.find((setting) => setting.startsWith("q="))?.slice(2) ?? 1);
    return [{ name, quality: Number.isNaN(quality) ? 1 : quality }];
  });
  return wishes.sort((a, b) => b.quality - a.quality);
}
