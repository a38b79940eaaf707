/** A mutation run whose tests did not run proves nothing, and says so. */
import { expect, test } from "vitest";
import { whyNothingIsProven } from "../../mutation/stryker-plugins.mjs";

const mutants = (count: number, status: string) => Array.from({ length: count }, () => ({ status }));
const file = (killed: number, survived: number, other = 0) => ({
  mutants: [...mutants(killed, "Killed"), ...mutants(survived, "Survived"), ...mutants(other, "NoCoverage")],
});

test("one file is proven by one mutant that a test has killed", () => {
  expect(whyNothingIsProven({ a: file(1, 0) })).toBeUndefined();
  expect(whyNothingIsProven({ a: file(1, 5), b: file(0, 1) })).toBeUndefined();
});

test("without any that was killed the tests did not run, however many there are", () => {
  expect(whyNothingIsProven({})).toMatch(/^0 mutants were tested and 0 killed/);
  expect(whyNothingIsProven({ a: file(0, 500) })).toMatch(/^500 mutants were tested and 0 killed/);
  expect(whyNothingIsProven({ a: file(0, 0, 500) })).toMatch(/^0 mutants were tested/);
});

test("many files with hardly a mutant each were not tested either", () => {
  const files = (each: number) => Object.fromEntries([..."abcd"].map((name) => [name, file(each, 0, 100)]));

  expect(whyNothingIsProven(files(20))).toBeUndefined();
  expect(whyNothingIsProven(files(19))).toMatch(/at least 80 .* expected/);
});
