/** What the test of the plugins needs of their types; Stryker itself needs none. */
export interface MutatedFile {
  readonly mutants: readonly { readonly status: string }[];
}
export declare function whyNothingIsProven(files: Readonly<Record<string, MutatedFile>>): string | undefined;
