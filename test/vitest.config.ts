import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./support/longest-first.ts";
import { SkipReporter } from "./support/skip-reporter.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where `.ci/run` wants the machine-readable results; unset everywhere else. */
const resultsFile = process.env["TEST_RESULTS"] ?? "";
/** What the tests start runs from `dist`. */
const ofProcesses = { globalSetup: ["test/support/dist.ts"], testTimeout: 120_000, hookTimeout: 120_000 };

/** They look at what the whole machine has (containers and sockets of dead hosts), which `up` and `down` sweep. */
const ofMachine = ["test/integration/{docker-run,doctor}.test.ts"];
const slowOfMachine = ["test/integration/{docker-bad-days,host-killed}.test.ts"];
/**
 * Most of the time of all integration tests is theirs: they wait for what hangs, walk through many cases, or start several
 * real servers. `npm test` does without them, which keeps it below five minutes on two cores; `.ci/run` runs them.
 */
const slow = [
  "addresses",
  "apphost-file",
  "attach",
  "awkward-paths",
  "bench",
  "dashboard-session",
  "docker-kafka-ui",
  "embedded-kafka-flink",
  "embedded-kafka-transactional-clients",
  "exit-codes",
  "flink-cli",
  "flink-docker",
  "flink-engine",
  "flink-external",
  "flink-faults",
  "flink-scale",
  "flink-silence",
  "flink-user-job",
  "flink-web",
  "host-lifecycle",
  "hung-processes",
  "independent-reader",
  "judge-brokers",
  "judge-real-kafka",
  "judge-two-runs",
  "kafka-security",
  "no-silence",
  "planted-files",
  "process-commands",
  "producer-faults",
  "readme-commands",
  "report-compare",
  "report-page",
  "resource-commands",
  "screens",
  "savepoints",
  "secrets",
  "stop-walk",
  "stored-records",
  "system-bad-days",
  "system-idle",
  "system-interruptions",
  "system-real",
  "system-sabotage",
  "system-signals",
  "terminal-signals",
  "topic-refusals",
  "topic-settings",
  "two-hosts",
].map((name) => `test/integration/${name}.test.ts`);
/** Slow ones of a single part with servers of its own: no host sweeps there, so they run beside those that look at the machine. */
const slowOfParts = [
  "test/integration/embedded-kafka-{admin,groups}.test.ts",
  "test/integration/job-manager-{end,limits}.test.ts",
  "test/integration/kafka-client{,-cluster,-leaders,-long-runs}.test.ts",
];
const notCollected = ["dist/**", "node_modules/**"];

/**
 * Projects, one after the other: `unit` (pure, parallel), `integration` (real processes and sockets, three files at a time:
 * most of it waits) and `machine` (one file at a time) are `npm test`; `slow`, `slow-parts`, `slow-machine`, `resilience` (faults on the whole
 * system) and `package` (needs a registry) come on top in `.ci/run`. `dist` holds compiled copies and must never be
 * collected.
 */
export default defineConfig({
  root,
  test: {
    exclude: notCollected,
    sequence: { sequencer: LongestFirst },
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
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          exclude: [...notCollected, ...ofMachine, ...slowOfMachine, ...slowOfParts, ...slow],
          maxWorkers: 3,
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
          name: "slow",
          include: slow,
          // Most of them wait.
          maxWorkers: 5,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "slow-parts",
          include: slowOfParts,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "slow-machine",
          include: slowOfMachine,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "resilience",
          include: ["test/resilience/**/*.test.ts"],
          testTimeout: 300_000,
          // Brokers that start, and waits: each takes less than half of a core.
          maxWorkers: 3,
          sequence: { groupOrder: 5 },
        },
      },
      {
        root,
        test: {
          ...ofProcesses,
          name: "package",
          include: ["test/package/**/*.test.ts"],
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
