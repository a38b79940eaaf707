/**
 * Owns the files of one virtual machine, and what the product's own scripts do to them: for each script constant of
 * `lib/workspace` and `lib/boot` the same effect and the same words printed, without a shell. It must never know a
 * script's reasons, only its contract; the contract tests run the same through a real shell. An unknown script throws,
 * so that nobody mistakes "not modelled" for "did nothing".
 */
import { gzipSync } from "node:zlib";
import { removeOldFilesScript } from "@/lib/boot/prepare";
import { bytesOf, hashOf } from "@/lib/workspace/base";
import { flushScript } from "@/lib/workspace/integrity";
import { leftBehind } from "@/lib/workspace/left-behind";
import { scanScript } from "@/lib/workspace/scan-script";
import { setAsideScript } from "@/lib/workspace/set-aside-script";

export interface VirtualFile {
  readonly content: Uint8Array;
  readonly modifiedAt: number;
}

/** By path, relative to the home. Never changed in place: a copy is the same map. */
export type VirtualFiles = ReadonlyMap<string, VirtualFile>;

export interface ScriptRun {
  readonly files: VirtualFiles;
  readonly stdout: string;
}

type Variables = Readonly<Record<string, string>>;

export function runScript(files: VirtualFiles, script: string, variables: Variables, now: number): ScriptRun {
  switch (script) {
    case scanScript:
      return { files, stdout: scan(files, variables, now) };
    case removeOldFilesScript:
      return {
        files: without(files, [".rekindle/base", ".rekindle/preview", ...listed(files, "files").map(inApp)]),
        stdout: "",
      };
    case setAsideScript:
      return setAside(files, variables.ASIDE ?? "");
    case flushScript:
      return { files, stdout: "" };
    default:
      throw new Error(`a script without a virtual equivalent: ${script.slice(0, 60)}`);
  }
}

export function withFiles(
  files: VirtualFiles,
  written: readonly { readonly path: string; readonly content: Uint8Array | string }[],
  modifiedAt: number,
): VirtualFiles {
  return new Map([
    ...files,
    ...written.map(({ path, content }) => [path, { content: bytesOf(content), modifiedAt }] as const),
  ]);
}

/** Folders with all that is in them. */
export function without(files: VirtualFiles, paths: readonly string[]): VirtualFiles {
  const isGone = (path: string) => paths.some((gone) => path === gone || path.startsWith(`${gone}/`));
  return new Map([...files].filter(([path]) => !isGone(path)));
}

export const textAt = (files: VirtualFiles, path: string): string =>
  new TextDecoder().decode(files.get(path)?.content);

function scan(files: VirtualFiles, { MOST, LARGEST, WITH_SEAL }: Variables, now: number): string {
  const given = new Set(listed(files, "files"));
  const seen = [...files]
    .flatMap(([path, file]) =>
      path.startsWith("app/") ? [{ path: path.slice("app/".length), ...file }] : [],
    )
    .filter(({ path }) => given.has(path) || !path.split("/").some((part) => leftBehind.includes(part)))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
  const small = seen.filter(({ content }) => content.byteLength <= Number(LARGEST)).slice(0, Number(MOST));
  const hashed = seen.filter((file) => given.has(file.path) || small.includes(file));
  const records = [
    "rekindle-scan-1",
    "whole",
    String(now / 1000),
    textAt(files, ".rekindle/base"),
    textAt(files, ".rekindle/generation"),
    WITH_SEAL ? textAt(files, ".rekindle/seal") : "",
    ...seen
      .filter(({ path }) => path === ".gitignore" || path.endsWith("/.gitignore"))
      .flatMap(({ path }) => [`./${path}`, ` ${textAt(files, inApp(path))}`]),
    "",
    "",
    ...seen.map(({ path, content, modifiedAt }) => `${modifiedAt / 1000} ${content.byteLength} ./${path}`),
    "",
    ...hashed.map(({ path, content }) => `${hashOf(content)}  ./${path}`),
    "",
    "end",
  ];
  return gzipSync(records.map((record) => `${record}\0`).join("")).toString("base64");
}

function setAside(files: VirtualFiles, folder: string): ScriptRun {
  let after = files;
  for (const path of listed(files, "sync/ours")) {
    const found = files.get(inApp(path));
    if (found) after = new Map([...after, [`${folder}/${path}`, found]]);
  }
  after = without(after, listed(files, "sync/outgoing").map(inApp));
  const aside = [...after.keys()].filter((path) => path.startsWith(`${folder}/`));
  return { files: after, stdout: `${aside.length}\n` };
}

const inApp = (path: string): string => `app/${path}`;

const listed = (files: VirtualFiles, name: string): string[] =>
  textAt(files, `.rekindle/${name}`).split("\0").filter(Boolean);
