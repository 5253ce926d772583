/**
 * Which code may import which: the floors of the house, from the ground up. `npm run lint` holds every import against
 * this table, type imports included.
 *
 * F1 Every file stands on one floor: on the one that names it, or else its nearest folder.
 * F2 A file imports from its own floor and from those that its row names. A row names only rows above it, so no two
 *    folders can import each other.
 * F3 A package is imported only where its row names it; Node's own modules everywhere. What 25 processes load when they
 *    start, and what could be swapped for another, stays visible here.
 * F4 A folder of `apphost/` has at most FILES_PER_FOLDER_MAX files, except the one that has one file per verb.
 */

export interface Floor {
  readonly name: string;
  /** Folders end with a slash. */
  readonly files: readonly string[];
  /** Names of floors. */
  readonly on: readonly string[];
  readonly packages: readonly string[];
}

export const FILES_PER_FOLDER_MAX = 20;
export const VERBS_FOLDER = "apphost/cli/";

const COMMON = ["foundation", "contract"];
const CLIENTS = ["wire", "kafka", "redis"];
/** What everything in `apphost/` may use. */
const BASE = [...COMMON, "model", "options", "package"];

export const FLOORS: readonly Floor[] = [
  // simulator/: what runs. Each of its programs is started by path; nothing of the host is imported here.
  { name: "foundation", files: ["simulator/common/foundation/"], on: [], packages: [] },
  { name: "contract", files: ["simulator/common/contract/"], on: ["foundation"], packages: [] },
  // prom-client is loaded at the first scrape.
  { name: "rest", files: ["simulator/common/rest/"], on: ["foundation"], packages: ["prom-client"] },
  {
    name: "wire",
    files: ["simulator/clients/kafka/wire/"],
    on: ["foundation"],
    packages: ["@node-rs/crc32", "lz4-napi", "snappy", "snappyjs"],
  },
  { name: "redis", files: ["simulator/clients/redis/"], on: COMMON, packages: ["ioredis"] },
  { name: "kafka", files: ["simulator/clients/kafka/"], on: ["foundation", "wire"], packages: [] },
  // kafkajs takes a TaskManager's start a tenth of a second, so only the host's side imports it.
  {
    name: "admin",
    files: ["simulator/clients/kafka/admin.ts"],
    on: ["foundation", "wire", "kafka"],
    packages: ["kafkajs"],
  },
  // Its Lua is read when the first script comes, not imported.
  { name: "embedded", files: ["simulator/embedded/"], on: [...COMMON, "wire"], packages: ["wasmoon-lua5.1"] },
  { name: "rpc", files: ["simulator/runtime/rpc/"], on: COMMON, packages: [] },
  // What a record goes through, beneath the process that owns it.
  {
    name: "source",
    files: ["simulator/runtime/source/", "simulator/runtime/operators/"],
    on: [...COMMON, "wire", "kafka"],
    packages: [],
  },
  { name: "sink", files: ["simulator/runtime/sink/"], on: [...COMMON, "source"], packages: [] },
  {
    name: "task manager",
    files: ["simulator/runtime/task-manager/"],
    on: [...COMMON, ...CLIENTS, "rpc", "source", "sink"],
    packages: [],
  },
  {
    name: "job manager",
    files: ["simulator/runtime/job-manager/", "simulator/runtime/checkpoint/"],
    on: [...COMMON, ...CLIENTS, "rest", "rpc"],
    packages: [],
  },
  // It holds the job's state in Redis as a JobManager does, and writes its evidence as a sink does.
  {
    name: "mirror",
    files: ["simulator/runtime/mirror/"],
    on: [...COMMON, ...CLIENTS, "sink", "job manager"],
    packages: [],
  },
  {
    name: "warm-up",
    files: ["simulator/runtime/warm-up/"],
    on: [...COMMON, "wire", "kafka", "source"],
    packages: [],
  },
  { name: "job client", files: ["simulator/runtime/flink-job-simulator/"], on: COMMON, packages: [] },
  { name: "producer", files: ["producer/"], on: [...COMMON, "wire", "kafka"], packages: [] },

  // scripts/: the validator shares no code with the sink or the producer, or it would share their mistakes.
  { name: "validate", files: ["scripts/validate/"], on: [...COMMON, ...CLIENTS], packages: [] },
  // Rows of Flink's are read as the mirror reads them; the topic that they are about by the validator's own reader.
  {
    name: "counts validation",
    files: ["scripts/validate/counts/"],
    on: [...COMMON, ...CLIENTS, "validate", "mirror"],
    packages: [],
  },
  { name: "report", files: ["scripts/report/"], on: COMMON, packages: [] },
  // What is made from reports that are there already: the command line and the bench use it as it is.
  {
    name: "finished reports",
    files: ["scripts/report/compare/", "scripts/report/junit.ts"],
    on: COMMON,
    packages: [],
  },
  // Pages are made when somebody asks for one: neither the report process nor a host loads a chart.
  { name: "chart", files: ["scripts/report/html/chart-svg.ts"], on: [], packages: ["echarts"] },
  { name: "page", files: ["scripts/report/html/"], on: [...COMMON, "finished reports", "chart"], packages: [] },
  {
    name: "bench basis",
    files: ["scripts/bench/peers/kafkajs-messages.ts", "scripts/bench/codec-worker/timing.ts"],
    on: [],
    packages: [],
  },
  // A peer is what a user would write: kafkajs and ioredis, and nothing of ours but the task that it is given.
  {
    name: "peer",
    files: ["scripts/bench/peers/kafkajs-worker/"],
    on: ["bench basis"],
    packages: ["kafkajs", "ioredis"],
  },
  // The codecs of the hot path are measured as they are; everything else of the product is started by path.
  {
    name: "own codec",
    files: ["scripts/bench/codec-worker/own-codec.ts"],
    on: [...COMMON, "wire", "source", "producer", "validate", "bench basis"],
    packages: [],
  },
  {
    name: "bench",
    files: ["scripts/bench/"],
    on: [...COMMON, ...CLIENTS, "admin", "finished reports", "own codec", "peer", "bench basis"],
    packages: ["commander"],
  },
  { name: "build", files: ["scripts/build/"], on: [], packages: ["rolldown"] },
  { name: "lint", files: ["scripts/lint/"], on: [], packages: ["rolldown"] },

  // apphost/: first what is only data.
  { name: "model", files: ["apphost/model/", "apphost/app-model.ts"], on: COMMON, packages: [] },
  {
    name: "options",
    files: [
      "apphost/options.ts",
      "apphost/option-resolution.ts",
      "apphost/external-flink-options.ts",
      "apphost/kafka-config/",
      "apphost/topic-size.ts",
      "apphost/option-values.ts",
      "apphost/variables.ts",
      "apphost/usage.ts",
      "apphost/message-ids.ts",
      "apphost/exit-code.ts",
    ],
    on: [...COMMON, "model"],
    packages: ["fastest-levenshtein"],
  },
  // Pure, but for the file that a user names.
  { name: "user job", files: ["apphost/user-job/"], on: [...COMMON, "model", "options"], packages: [] },
  { name: "package", files: ["apphost/package-version.ts", "apphost/node-version.ts"], on: [], packages: [] },
  { name: "files", files: ["apphost/files/"], on: COMMON, packages: [] },
  { name: "processes", files: ["apphost/processes/"], on: BASE, packages: ["execa", "get-port"] },
  { name: "drivers", files: ["apphost/drivers/"], on: [...BASE, "files", "processes"], packages: ["execa"] },
  {
    name: "docker",
    files: ["apphost/drivers/docker/"],
    on: [...BASE, "processes", "drivers"],
    packages: ["dockerode"],
  },
  // What a person is told of a run, made from its events alone.
  { name: "snapshot", files: ["apphost/snapshot/"], on: BASE, packages: [] },
  // The same package measures texts for Ink, so both agree how wide one is.
  { name: "logs", files: ["apphost/logs/"], on: COMMON, packages: ["string-width"] },
  {
    name: "watchdog",
    files: ["apphost/watchdog/"],
    on: [...COMMON, "files", "processes", "drivers", "docker"],
    packages: [],
  },
  { name: "run", files: ["apphost/run/"], on: [...BASE, "files", "processes", "watchdog"], packages: [] },
  {
    name: "resources",
    files: ["apphost/resources/"],
    on: [...BASE, "processes", "drivers", "docker", "run", "kafka", "admin", "redis"],
    packages: [],
  },
  { name: "telemetry", files: ["apphost/telemetry/"], on: [...BASE, "rest", "processes", "run"], packages: [] },
  // A second of loading, so it is a worker of its own, started by path where a user asked for it.
  {
    name: "telemetry worker",
    files: [
      "apphost/telemetry/main.ts",
      "apphost/telemetry/exporters.ts",
      "apphost/telemetry/run-metrics.ts",
      "apphost/telemetry/run-traces.ts",
      "apphost/telemetry/resource-logs.ts",
    ],
    on: [...BASE, "logs", "run", "telemetry"],
    packages: [
      "@opentelemetry/api",
      "@opentelemetry/exporter-logs-otlp-http",
      "@opentelemetry/exporter-logs-otlp-proto",
      "@opentelemetry/exporter-metrics-otlp-http",
      "@opentelemetry/exporter-metrics-otlp-proto",
      "@opentelemetry/exporter-trace-otlp-http",
      "@opentelemetry/exporter-trace-otlp-proto",
      "@opentelemetry/resources",
      "@opentelemetry/sdk-logs",
      "@opentelemetry/sdk-metrics",
      "@opentelemetry/sdk-trace",
    ],
  },
  { name: "protocol", files: ["apphost/control/protocol.ts"], on: [...BASE, "snapshot"], packages: [] },
  {
    name: "control",
    files: ["apphost/control/"],
    on: [...BASE, "files", "run", "snapshot", "protocol"],
    packages: [],
  },
  {
    name: "orchestrator",
    files: ["apphost/orchestrator/"],
    on: [
      ...BASE,
      "files",
      "processes",
      "drivers",
      "docker",
      "user job",
      "watchdog",
      "run",
      "telemetry",
      "resources",
      "snapshot",
      "protocol",
      "control",
    ],
    packages: [],
  },
  // It draws what the feed of events says. What it asks of the host, it asks through whoever started it.
  {
    name: "dashboard",
    files: ["apphost/dashboard/"],
    on: [...BASE, "run", "snapshot", "logs", "protocol"],
    packages: ["chalk", "ink", "react", "string-width"],
  },
  {
    name: "doctor",
    files: ["apphost/doctor/"],
    on: [...BASE, "files", "processes", "drivers", "docker", "watchdog", "run", "resources", "dashboard"],
    packages: ["execa"],
  },
  // Every start of the command line reads it, so nothing is behind it.
  {
    name: "publication",
    files: ["apphost/publish/publication.ts", "apphost/publish/kubernetes/flavor.ts"],
    on: BASE,
    packages: [],
  },
  // Pure but for the folder that is written and the package that is packed.
  {
    name: "publish",
    files: ["apphost/publish/"],
    on: [...BASE, "files", "processes", "drivers", "docker", "resources", "doctor", "publication"],
    // Of Kubernetes and its operators only types, which nobody needs who installs this package.
    packages: ["yaml", "kubernetes-models", "@kubernetes-models/flink", "@kubernetes-models/strimzi-kafka-operator"],
  },
  { name: "reader", files: ["apphost/apphost-reader/"], on: [...COMMON, "model"], packages: [] },
  {
    name: "preparation",
    files: ["apphost/preparation.ts"],
    on: [...BASE, "processes", "user job"],
    packages: [],
  },
  {
    name: "cli",
    files: ["apphost/cli/"],
    on: [
      ...BASE,
      "finished reports",
      "files",
      "processes",
      "docker",
      "watchdog",
      "run",
      "resources",
      "protocol",
      "control",
      "orchestrator",
      "snapshot",
      "logs",
      "dashboard",
      "doctor",
      "reader",
      "preparation",
      "page",
      "publication",
      "publish",
      "counts validation",
    ],
    packages: ["commander"],
  },
  {
    name: "entries",
    files: ["apphost/", "scripts/stress.ts"],
    on: [...BASE, "resources", "control", "orchestrator", "preparation", "cli"],
    packages: [],
  },

  // test/: may import everything but the reader that judges runs: it shares nothing with what it judges.
  { name: "independent reader", files: ["test/support/independent/"], on: [], packages: ["vitest"] },
];
