/**
 * Owns one trap of mutation runs: a test file that a mutant keeps from loading has no tests, and so none that fail, and
 * Stryker takes the mutant for one that survived (vitest-runner 9.6.1, `run` reads tests only; 2026-11-24). Here it counts
 * as a test that failed. Loaded by Vitest from the mutation configuration, and by nothing else.
 */
export default class FailedLoads {
  #vitest;

  onInit(vitest) {
    this.#vitest = vitest;
  }

  onTestRunEnd() {
    for (const file of this.#vitest.state.getFiles()) {
      if (file.result?.state !== "fail" || file.tasks.length > 0) continue;
      const { errors } = file.result;
      file.tasks.push({ type: "test", name: "loads", mode: "run", file, result: { state: "fail", errors } });
    }
  }
}
