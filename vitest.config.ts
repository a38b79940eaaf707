import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const isLive = process.env.E2B_LIVE === "1";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "") } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Conditions on real processes are polled; the default of a second is too short for two busy cores.
    expect: { poll: { timeout: 30_000, interval: 50 } },
    projects: [
      {
        extends: true,
        test: { name: "parts", include: ["tests/{unit,lifecycle,parity,property}/**/*.test.ts"] },
      },
      {
        extends: true,
        test: isLive
          ? // E2B itself, by `npm run test:live`: one file at a time, to stay far below the account's limits.
            { name: "contract", include: ["tests/contract/e2b/shared/**/*.test.ts"], fileParallelism: false }
          : { name: "contract", include: ["tests/contract/**/*.test.ts"] },
      },
      {
        extends: true,
        // Each file has a dev server, a browser or a build to itself, and the machine as well.
        test: {
          name: "whole",
          include: ["tests/e2e/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
