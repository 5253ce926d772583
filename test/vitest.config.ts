import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SkipReporter } from "./support/skip-reporter.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where `.ci/run` wants the machine-readable results; unset everywhere else. */
const resultsFile = process.env["TEST_RESULTS"] ?? "";
/** What the tests start runs from `dist`. */
const buildFirst = { globalSetup: ["test/support/dist.ts"] };

/**
 * Three projects: `unit` (pure, parallel), `integration` (real processes and sockets, one file at a time) and
 * `resilience` (faults on the whole system). `dist` holds compiled copies and must never be collected.
 */
export default defineConfig({
  root,
  test: {
    exclude: ["dist/**", "node_modules/**"],
    reporters: [
      "default",
      new SkipReporter(),
      ...(resultsFile === "" ? [] : [["json", { outputFile: resultsFile }] as ["json", { outputFile: string }]]),
    ],
    projects: [
      { root, test: { name: "unit", include: ["test/unit/**/*.test.{ts,tsx}"], testTimeout: 20_000 } },
      {
        root,
        test: {
          ...buildFirst,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        root,
        test: {
          ...buildFirst,
          name: "resilience",
          include: ["test/resilience/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
