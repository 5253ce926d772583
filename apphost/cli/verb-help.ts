/** What the help of a verb ends with: examples, and the exit codes that it may have. */
import { EXIT } from "../exit-code.ts";

interface VerbHelp {
  readonly examples: readonly string[];
  readonly exits: Readonly<Record<number, string>>;
}

const USAGE = { [EXIT.usage]: "wrong usage: what is wrong is named, and nothing was done" };
const SIGNALS = { [EXIT.interrupted]: "interrupted (Ctrl+C)", [EXIT.terminated]: "terminated (SIGTERM)" };
const ASKING = {
  [EXIT.passed]: "done",
  [EXIT.unexpected]: "unexpected error, or refused by the running host with its reason",
  ...USAGE,
  [EXIT.noHost]: "no running host found",
  ...SIGNALS,
};
const VERDICT = {
  [EXIT.passed]: "passed",
  [EXIT.unexpected]: "unexpected error",
  ...USAGE,
  [EXIT.infrastructure]: "infrastructure failed, or a fact for the verdict could not be had",
  [EXIT.exactlyOnce]: "exactly-once violated, or acknowledged records lost",
  [EXIT.budget]: "time or throughput budget missed",
  [EXIT.job]: "the job failed, or was cancelled from outside",
  ...SIGNALS,
};
const PRINTING = { [EXIT.passed]: "printed", [EXIT.unexpected]: "unexpected error", ...USAGE, ...SIGNALS };

export const VERB_HELP: Readonly<Record<string, VerbHelp>> = {
  validate: {
    examples: ["validate --kafka localhost:9092 --topic orders --counts-topic orders.counts --messages 50_000"],
    exits: {
      ...VERDICT,
      [EXIT.exactlyOnce]: "exactly-once violated: what differs is named",
      [EXIT.budget]: "Flink's counts did not come in time",
      [EXIT.job]: "what lies in the topic of counts is none",
    },
  },
  up: {
    examples: ["up", "up --once --messages 100_000", "up --infra embedded --detach", "up --apphost ./apphost.ts"],
    exits: VERDICT,
  },
  stress: { examples: ["stress", "stress --messages 1_000_000 --max-time 60s"], exits: VERDICT },
  ps: { examples: ["ps", "ps --all --format json"], exits: PRINTING },
  describe: { examples: ["describe", "describe --format json --show-secrets", "describe --follow"], exits: ASKING },
  logs: {
    examples: ["logs", "logs -f taskmanager kafka", "logs jobmanager --since 5m --search checkpoint"],
    exits: { ...PRINTING, [EXIT.noHost]: "no run found" },
  },
  attach: {
    examples: ["attach", "attach --run 1a2b3c4d --theme light"],
    exits: { ...VERDICT, [EXIT.passed]: "left, or the run ended with a pass", [EXIT.noHost]: "no running host found" },
  },
  wait: {
    examples: ["wait taskmanager flink-job-simulator", "wait producer --status finished --timeout 5m"],
    exits: {
      ...ASKING,
      [EXIT.waitTimedOut]: "timed out: what is missing is named",
      [EXIT.waitFailed]: "in vain: a resource failed for good or was scaled away, or the host ended",
    },
  },
  produce: {
    examples: [
      "produce --messages 50_000",
      "produce --messages 50_000 --rate 5_000",
      "produce --kafka localhost:9092 --topic orders --create-topic --messages 1_000_000 --compression lz4",
      "produce --kafka localhost:9092 --topic orders --messages 1_000_000 --ui json",
    ],
    exits: {
      ...VERDICT,
      [EXIT.passed]: "passed; with --kafka: every message was acknowledged",
      [EXIT.noHost]: "no running host found",
    },
  },
  env: { examples: ['eval "$(npx flink-apphost env)"', "env --format json"], exits: ASKING },
  report: {
    examples: [
      "report",
      "report --format json",
      "report --open",
      "report --html report.html",
      "report --compare 0d437693 3f9c2a1b",
      "report --compare 0d437693 3f9c2a1b --open",
      "report --baseline baseline.json --fail-above 10%",
      "report --save-baseline baseline.json",
      "report --junit report.xml",
    ],
    exits: {
      ...VERDICT,
      [EXIT.unexpected]: "unexpected error, or a report that cannot be used",
      [EXIT.usage]: "wrong usage, or a comparison of runs that are not alike: what differs is named",
      [EXIT.infrastructure]: `${VERDICT[EXIT.infrastructure]}, or nothing that counts could be judged by --fail-above`,
      [EXIT.budget]: `${VERDICT[EXIT.budget]}, or worse than --fail-above allows`,
    },
  },
  start: { examples: ["start taskmanager-01", "start taskmanager-01 jobmanager"], exits: ASKING },
  stop: { examples: ["stop redis", "stop taskmanager-01 taskmanager-02"], exits: ASKING },
  restart: { examples: ["restart jobmanager", "restart taskmanager"], exits: ASKING },
  kill: {
    examples: ["kill taskmanager-07", "kill jobmanager taskmanager-01"],
    exits: {
      ...ASKING,
      [EXIT.passed]: "dead; it is started again by itself, and the report tells it as killed as asked",
    },
  },
  pause: { examples: ["pause jobmanager", "pause taskmanager-01 producer"], exits: ASKING },
  resume: { examples: ["resume jobmanager", "resume taskmanager"], exits: ASKING },
  checkpoint: {
    examples: ["checkpoint", "checkpoint --format json"],
    exits: {
      ...ASKING,
      [EXIT.passed]: "complete",
      [EXIT.unexpected]: "unexpected error, or failed: the reason is named",
    },
  },
  scale: { examples: ["scale taskmanager 40"], exits: ASKING },
  down: {
    examples: ["down", "down --all --timeout 60s", "down --purge", "down --run 3f9c2a1b --forget"],
    exits: {
      [EXIT.passed]: "all of it is gone",
      [EXIT.unexpected]: "something is left, and is named",
      ...USAGE,
      ...SIGNALS,
    },
  },
  doctor: {
    examples: ["doctor", "doctor --infra docker --messages 10_000_000", "doctor --format json"],
    exits: {
      [EXIT.passed]: "`up` would work here",
      [EXIT.unexpected]: "it would not: each reason is named, with what to do",
      ...USAGE,
      [EXIT.infrastructure]: "the servers that were asked for would not work here",
      ...SIGNALS,
    },
  },
  publish: {
    examples: ["publish compose --out ./deploy --messages 1_000_000", "publish compose --out ./deploy --force"],
    exits: {
      [EXIT.passed]: "written: the last line is the command that runs it",
      [EXIT.unexpected]: "unexpected error",
      [EXIT.usage]: "wrong usage, or files that others wrote or changed are in the way: nothing was written",
      [EXIT.infrastructure]: "this package could not be packed",
      ...SIGNALS,
    },
  },
  completion: {
    examples: ['eval "$(flink-apphost completion bash)"', "flink-apphost completion fish | source"],
    exits: { [EXIT.passed]: "printed", ...USAGE },
  },
};

export function formatVerbHelp(verb: string): string {
  const { examples, exits } = VERB_HELP[verb] ?? { examples: [], exits: {} };
  return [
    "",
    "Examples:",
    ...examples.map((example) => `  ${/flink-apphost/.test(example) ? example : `npx flink-apphost ${example}`}`),
    "",
    "Exit codes:",
    ...Object.entries(exits).map(([code, meaning]) => `  ${code.padEnd(4)} ${meaning}`),
    "",
  ].join("\n");
}
