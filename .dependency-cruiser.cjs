/** DESIGN's import rules, as a check. `app → inngest, functions, lib`; `functions → inngest, lib`; lib imports none of the others. */
const pureFiles =
  "^lib/preview/(record|transitions|decide|presence|policy|reasons)\\.ts$|^lib/boot/recipe\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "lib-imports-no-shell",
      comment:
        "lib returns outcomes and emits nothing. Its entrance (lib/index.ts) composes; the local cloud hosts.",
      severity: "error",
      from: { path: "^lib/", pathNot: "^lib/index\\.ts$|^lib/local/" },
      to: { path: "^(app|functions|inngest)/|^inngest\\.config\\.ts$" },
    },
    {
      name: "functions-import-inngest-and-lib",
      severity: "error",
      from: { path: "^functions/" },
      to: { path: "^(app|lib/local)/" },
    },
    {
      name: "events-stand-alone",
      severity: "error",
      from: { path: "^inngest/" },
      to: { path: "^(app|functions)/" },
    },
    {
      name: "entrance-is-for-outsiders",
      comment: "Inside lib, import the file that has it; lib/index.ts is what products import.",
      severity: "error",
      from: { path: "^(lib|functions|inngest)/", pathNot: "^lib/(index\\.ts|local/)" },
      to: { path: "^lib/index\\.ts$" },
    },
    {
      name: "product-knows-no-local-cloud",
      severity: "error",
      from: { path: "^(app|functions|inngest|lib)/", pathNot: "^lib/local/" },
      to: { path: "^lib/local/" },
    },
    {
      name: "stand-ins-know-no-product",
      comment: "They speak the wire protocol only; the launcher, demo and samples host the product.",
      severity: "error",
      from: { path: "^lib/local/(e2b|upstash|inngest)/" },
      to: {
        path: "^(app|functions|inngest)/|^lib/(preview|store|sandbox|boot|workspace|access|index|runtime|redis)",
      },
    },
    {
      name: "e2b-semantics-know-no-wire",
      comment: "A simulation drives them without sockets, processes and files.",
      severity: "error",
      from: { path: "^lib/local/e2b/(semantics/|cloud\\.ts$)" },
      to: { path: "^lib/local/e2b/(?!semantics/)" },
    },
    {
      name: "e2b-semantics-do-no-io",
      severity: "error",
      from: { path: "^lib/local/e2b/(semantics/|cloud\\.ts$)" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "pure-files-import-only-zod-and-types",
      severity: "error",
      from: { path: pureFiles },
      to: {
        pathNot: `${pureFiles}|^lib/(ids|errors)\\.ts$|node_modules/(zod|package-manager-detector)/`,
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "one-adapter-imports-e2b",
      severity: "error",
      from: {
        path: "^(app|functions|inngest|lib)/",
        pathNot: "^lib/sandbox/e2b(-errors|-files|-listing)?\\.ts$|^lib/local/",
      },
      to: { path: "node_modules/e2b/" },
    },
    {
      name: "one-file-imports-upstash",
      severity: "error",
      from: { path: "^(app|functions|inngest|lib)/", pathNot: "^lib/redis\\.ts$" },
      to: { path: "node_modules/@upstash/redis/" },
    },
    {
      name: "nothing-imports-tests",
      severity: "error",
      from: { pathNot: "^tests/" },
      to: { path: "^tests/" },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "lib/local/samples/projects" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
