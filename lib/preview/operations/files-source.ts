/** Owns the product's files port as the operations ask it: with the time that one step may take. Cannot fail. */
import type { Runtime } from "@/lib/runtime";
import type { FilesSource } from "@/lib/workspace/files";

export function filesSource({
  files,
  clock,
  policy,
}: Pick<Runtime, "files" | "clock" | "policy">): FilesSource {
  return { files, clock, deadlineMs: policy.stepBudgetMs };
}
