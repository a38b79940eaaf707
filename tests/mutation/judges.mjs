/**
 * Owns which lives judge the mutants of an operation: those named here, by their files in `tests/lifecycle`, and the tests
 * of the operation alone, which are asked first. All lives together take minutes, and a mutant that lives costs every
 * test that comes by it; so a score that is measured here is a lower bound. What is pure needs no life.
 */
export const judges = {
  acquire: ["failures", "losses", "redis-lost", "opening"],
  adopt: ["adopting"],
  "audit-findings": ["auditing"],
  "audit-judge": [],
  "audit-mend": ["auditing", "redis-lost"],
  "audit-page": ["auditing", "redis-lost"],
  audit: ["auditing"],
  boot: ["failures", "losses", "renewing-faults", "opening"],
  candidates: [],
  "check-back": ["files", "unsaved-work"],
  "count-running": ["failures", "line"],
  extend: ["staying-alive", "provider-acts", "renewing-faults"],
  "files-source": ["failures"],
  finish: ["failures", "renewing-faults", "replays"],
  forget: ["forgetting", "forgetting-broken-off"],
  "give-time-back": ["provider-acts", "losses"],
  kill: ["switches"],
  "make-room": ["limits", "line"],
  open: ["failures", "losses", "opening", "line"],
  pause: ["files", "holding", "resting"],
  "ready-to-pause": ["files", "unsaved-work"],
  rebuild: ["redis-lost", "auditing"],
  reconcile: ["losses", "failures", "renewing-faults", "provider-acts", "line", "limits"],
  recover: ["failures"],
  renew: ["renewing-faults", "renewing"],
  retire: ["retention"],
  "save-files": ["files", "unsaved-work"],
  settle: [
    "operations/{settle-failed,open,pause,renew}",
    "losses",
    "failures",
    "files",
    "renewing-faults",
    "resting",
  ],
  "stand-in-line": ["line", "failures"],
  sync: ["files", "unsaved-work"],
  "take-over": ["adopting"],
};

/** The tests that judge this operation, or undefined when it is none. */
export function judgesOf(operation) {
  const names = judges[operation];
  return names && [`operations/${operation}`, ...names].map((name) => `tests/lifecycle/${name}.test.ts`);
}
