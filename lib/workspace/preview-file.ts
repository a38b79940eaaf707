/**
 * Owns what a sandbox itself knows of the preview that came to run in it: written once its server has answered, read when
 * the record of it is lost, so that what runs or rests intact is gone on with and not booted again. Its revision and its
 * generation stand in files of their own. It must never hold contents. What does not read counts as none.
 */
import { z } from "zod";
import type { SandboxId } from "@/lib/ids";
import type { Sandboxes } from "@/lib/sandbox/port";
import { bytesOf, parseBase } from "./base";
import { GENERATION_FILE, generationsIn } from "./generation";

const PREVIEW_FILE = ".rekindle/preview";
const BASE_FILE = ".rekindle/base";

const previewSchema = z.object({ v: z.literal(1), port: z.number().int(), bootId: z.string() });

/** A preview that came to run in this sandbox at least once. */
export interface KnownPreview {
  readonly port: number;
  /** Names its jobs. */
  readonly bootId: string;
  readonly revision?: string;
  readonly generation?: string;
}

export async function writePreviewFile(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
  { port, bootId }: Pick<KnownPreview, "port" | "bootId">,
): Promise<void> {
  const content = bytesOf(JSON.stringify({ v: 1, port, bootId }));
  await sandboxes.writeFiles(sandboxId, [{ path: PREVIEW_FILE, content }]);
}

/** The sandbox must be running. @throws the port's errors */
export async function readPreviewFile(
  sandboxes: Sandboxes,
  sandboxId: SandboxId,
): Promise<KnownPreview | undefined> {
  const files = await sandboxes.readFiles(sandboxId, [PREVIEW_FILE, BASE_FILE, GENERATION_FILE]);
  const textOf = (path: string) =>
    new TextDecoder().decode(files.find((file) => file.path === path)?.content);
  const preview = previewSchema.safeParse(jsonOf(textOf(PREVIEW_FILE)));
  if (!preview.success) return undefined;
  const { port, bootId } = preview.data;
  const revision = parseBase(textOf(BASE_FILE))?.revision;
  const [generation] = generationsIn(textOf(GENERATION_FILE));
  return {
    port,
    bootId,
    ...(revision === undefined ? {} : { revision }),
    ...(generation === undefined ? {} : { generation }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, and so no preview's.
    return undefined;
  }
}
