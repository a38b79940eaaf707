import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

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
        test: { name: "parts", include: ["tests/{unit,contract,lifecycle,parity}/**/*.test.ts"] },
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
