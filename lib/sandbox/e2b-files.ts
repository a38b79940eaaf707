/**
 * Owns moving files through E2B's SDK (2.51): which of its two forms of upload a name needs, and how many reads go out
 * at once. It must never connect by itself, and never follow what the files hold. Fails as the SDK does; the adapter
 * classifies that. A file that is not there is no failure.
 */
import { FileNotFoundError, InvalidArgumentError, type Sandbox } from "e2b";
import type { WorkspaceFile } from "./port";

/** The SDK keeps ten connections to a sandbox (e2b.md §1.4, 2026-11-22); more reads at once would only queue there. */
const READS_AT_ONCE = 10;

/**
 * A form carries the path as a file name, in which browsers' rules escape these; envd reads them as they stand, and
 * would write `%22` for a quotation mark. A plain body carries the path in its query.
 */
const namedAmissInForms = /["\r\n]/;

export async function writeSandboxFiles(sandbox: Sandbox, files: readonly WorkspaceFile[]): Promise<void> {
  const plain = files.filter(({ path }) => !namedAmissInForms.test(path));
  const awkward = files.filter(({ path }) => namedAmissInForms.test(path));
  if (plain.length > 0) await sandbox.files.write(plain.map(entry));
  if (awkward.length > 0) await sandbox.files.write(awkward.map(entry), { useOctetStream: true });
}

/** In the order asked for, without those that are not there or no files; `inTime` bounds each read. */
export async function readSandboxFiles(
  sandbox: Sandbox,
  paths: readonly string[],
  inTime: (reading: () => Promise<Uint8Array>) => Promise<Uint8Array>,
): Promise<WorkspaceFile[]> {
  const found: WorkspaceFile[] = [];
  for (let start = 0; start < paths.length; start += READS_AT_ONCE) {
    const batch = paths.slice(start, start + READS_AT_ONCE).map(async (path): Promise<WorkspaceFile[]> => {
      try {
        const content = await inTime(() => sandbox.files.read(inHome(path), { format: "bytes" }));
        return [{ path, content }];
      } catch (error) {
        // A folder or a device in the place of a file is an invalid argument.
        if (error instanceof FileNotFoundError || error instanceof InvalidArgumentError) return [];
        throw error;
      }
    });
    found.push(...(await Promise.all(batch)).flat());
  }
  return found;
}

const inHome = (path: string): string => `/home/user/${path}`;

function entry({ path, content }: WorkspaceFile): { path: string; data: ArrayBuffer } {
  // The SDK takes an ArrayBuffer; a Uint8Array may be a window on a larger one.
  const copy = new ArrayBuffer(content.byteLength);
  new Uint8Array(copy).set(content);
  return { path: inHome(path), data: copy };
}
