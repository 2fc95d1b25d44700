import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: [
        // Reads process.argv and ends the process with a status: only a process of its own, as in test/e2e, can run it.
        "src/main.ts",
        // Runs in a browser.
        "src/sidecar/page/**",
      ],
      reporter: ["text-summary", "json-summary"],
      thresholds: {
        lines: 95,
        // What decides who may send as whom has no branch that no test takes.
        "src/{protocol,model,lookup}/**": { branches: 100 },
      },
    },
    projects: [
      {
        test: {
          name: "unit",
          // Projects with different numbers of workers run one after the other.
          sequence: { groupOrder: 0 },
          include: ["test/unit/**/*.test.ts", "test/property/**/*.test.ts"],
          setupFiles: ["test/support/property-seed.ts"],
          // Generous, since a busy machine must not fail a test: what hangs is found by the time of the whole run.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          sequence: { groupOrder: 1 },
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/build.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // One more than there are processors on a small machine: many of these tests wait, one of them for a minute.
          maxWorkers: 3,
        },
      },
    ],
  },
});
