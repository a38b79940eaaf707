/**
 * Owns finding previews by what an operator has at hand: a project, a user, `project/user`, a sandbox id or a preview's
 * address, also when the sandbox is gone. Exact names only: half a name would stop the wrong preview one day. It changes
 * nothing. Fails closed with the store's errors; what fits nothing is found nowhere.
 */
import { type Scope, sandboxIdSchema } from "@/lib/ids";
import type { Runtime } from "@/lib/runtime";
import { parseMember } from "@/lib/store/member";

/** In the order of their names; each once. */
export async function find(
  { directory, previewAddress }: Pick<Runtime, "directory" | "previewAddress">,
  term: string,
): Promise<readonly Scope[]> {
  const wanted = term.trim();
  const addressed = previewAddress.sandboxIn(wanted);
  if (addressed !== undefined) return some(await directory.ofSandbox(addressed));

  if (wanted.includes("/")) {
    const [scope] = wanted.split("/").length === 2 ? parseMember(wanted) : [];
    return some(scope && (await directory.has(scope)) ? scope : undefined);
  }

  // The same alphabet: one name is looked up as both.
  const [name] = parseMember(`${wanted}/${wanted}`);
  const sandboxId = sandboxIdSchema.safeParse(wanted);
  const [owner, named] = await Promise.all([
    sandboxId.success ? directory.ofSandbox(sandboxId.data) : undefined,
    name ? directory.named(name) : [],
  ]);
  return owner && !named.some((each) => isSame(each, owner)) ? [owner, ...named] : named;
}

const some = (scope: Scope | undefined): readonly Scope[] => (scope === undefined ? [] : [scope]);

const isSame = (left: Scope, right: Scope): boolean =>
  left.projectId === right.projectId && left.userId === right.userId;
