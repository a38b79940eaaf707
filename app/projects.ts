/**
 * Owns the list of projects that this app shows: the sub-folders of one folder, named by their package.json. It must
 * never follow a link out of that folder. Fails open per project (one unreadable package.json costs only its words)
 * and closed as a whole: an unreadable folder is thrown.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { projectIdSchema } from "@/lib/ids";

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
}

/** Sorted by name. */
export async function listProjects(folder: string): Promise<Project[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter(
    (entry) => entry.isDirectory() && projectIdSchema.safeParse(entry.name).success,
  );
  const projects = await Promise.all(folders.map(({ name }) => readProject(folder, name)));
  return projects.sort((left, right) => left.name.localeCompare(right.name));
}

/** Undefined for an id that no folder has or could have. */
export async function findProject(folder: string, id: string): Promise<Project | undefined> {
  return (await listProjects(folder)).find((project) => project.id === id);
}

const manifestSchema = z.object({
  name: z.string().min(1).optional(),
  description: z.string().min(1).optional(),
});

async function readProject(folder: string, id: string): Promise<Project> {
  const manifest = await readManifest(join(folder, id, "package.json"));
  return {
    id,
    name: manifest?.name ?? id,
    ...(manifest?.description ? { description: manifest.description } : {}),
  };
}

async function readManifest(path: string): Promise<z.infer<typeof manifestSchema> | undefined> {
  try {
    return manifestSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch {
    // Accepted loss: the project is listed by its folder's name, and opening it says what is wrong with it.
    return undefined;
  }
}
