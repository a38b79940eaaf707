/**
 * Owns two rules of mutation runs. Words for people are no logic: a mutant that empties a sentence would ask for a test
 * that repeats it. And a run that tested nothing fails: a test runner that silently runs no tests answers with a report
 * that looks like any other. Both were seen (anchors.md §0.6, 2026-11-22). Loaded by Stryker itself, hence no TypeScript.
 */
import { declareClassPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** A string of several words is a sentence; no state, kind, key or pattern of ours has a space in it. */
const words = {
  shouldIgnore({ node }) {
    const isSentence = node.type === "StringLiteral" && /[a-z,;.:] [“A-Za-z]/.test(node.value);
    return isSentence ? "Words for people; what chooses between them is mutated." : undefined;
  },
};

/** On average; the least that any kind has is about fifty. A single file may have one. */
const LEAST_PER_FILE = 20;
const FEW_FILES = 3;

/** Why these results prove nothing, or undefined. Results that were kept from an earlier run count as well. */
export function whyNothingIsProven(files) {
  const statuses = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
  const killed = statuses.filter((status) => status === "Killed").length;
  const tested = statuses.filter((status) => ["Killed", "Survived", "Timeout"].includes(status)).length;
  const count = Object.keys(files).length;
  const least = count > FEW_FILES ? count * LEAST_PER_FILE : 1;
  if (killed > 0 && tested >= least) return undefined;
  return `${tested} mutants were tested and ${killed} killed, where at least ${least} and one are expected: the tests did not run.`;
}

class TestedEnough {
  onMutationTestReportReady({ files }) {
    const why = whyNothingIsProven(files);
    if (why === undefined) return;
    process.exitCode = 1;
    process.stderr.write(`${why}\n`);
  }
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "words", words),
  declareClassPlugin(PluginKind.Reporter, "tested-enough", TestedEnough),
];
