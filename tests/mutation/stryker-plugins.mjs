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

/** Of all files: about two thirds of what there were when this was written. Of some: at least what one file has. */
const LEAST_OF_ALL = 2_000;
const LEAST_OF_SOME = 1;
const FILES_OF_A_WHOLE_RUN = 40;

class TestedEnough {
  onMutationTestReportReady({ files }) {
    const statuses = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
    const killed = statuses.filter((status) => status === "Killed").length;
    const tested = statuses.filter((status) => ["Killed", "Survived", "Timeout"].includes(status)).length;
    const least = Object.keys(files).length >= FILES_OF_A_WHOLE_RUN ? LEAST_OF_ALL : LEAST_OF_SOME;
    if (killed > 0 && tested >= least) return;
    process.exitCode = 1;
    process.stderr.write(
      `${tested} mutants were tested and ${killed} killed, where at least ${least} and one are expected: the tests did not run.\n`,
    );
  }
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "words", words),
  declareClassPlugin(PluginKind.Reporter, "tested-enough", TestedEnough),
];
