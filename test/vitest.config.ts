import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SkipReporter } from "./support/skip-reporter.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where `.ci/run` wants the machine-readable results; unset everywhere else. */
const resultsFile = process.env["TEST_RESULTS"] ?? "";
/** What the tests start runs from `dist`. */
const ofProcesses = { globalSetup: ["test/support/dist.ts"], testTimeout: 120_000, hookTimeout: 120_000 };

/** They look at what the whole machine has (containers and sockets of dead hosts), which `up` and `down` sweep. */
const ofMachine = ["test/integration/{docker-bad-days,docker-run,doctor,host-killed}.test.ts"];

/**
 * Four projects, one after the other: `unit` (pure, parallel), `integration` (real processes and sockets, two files at a
 * time: most of it waits), `machine` (one file at a time) and `resilience` (faults on the whole system, two at a time).
 * `dist` holds compiled copies and must never be collected.
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
      {
        root,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.{ts,tsx}"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: ["dist/**", "node_modules/**", ...ofMachine],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "machine",
          include: ofMachine,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "resilience",
          include: ["test/resilience/**/*.test.ts"],
          testTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "package",
          include: ["test/package/**/*.test.ts"],
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
